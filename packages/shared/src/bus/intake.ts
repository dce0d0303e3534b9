import { assertSource, MAX_EVENT_BYTES, parseEvent, type BusEvent } from '../events/index.ts';
import type { Bury } from '../dead-letters/index.ts';
import { AppError, describeError, type Log } from '../kernel/index.ts';
import { identify, jsonOrText } from './delivery-store.ts';
import type { Bus } from './port.ts';

/** The origin of dead letters of what other systems sent. */
export const INTAKE = 'intake';

/** Something that another system put where a broker takes events in. */
export interface InboundMessage {
  /** The broker's name for it: the same one each time it comes. */
  id: string;
  /** Whose place it was put in; the broker's permissions decide who may write there. */
  source: string;
  body: Buffer;
}

/**
 * Takes in a message of another system: a good event is published on the bus, anything else becomes a dead letter at once.
 * Resolves when the broker may forget the message; rejects when it has to come again (the bus or the database is away).
 */
export function createIntake({ bus, bury, log }: { bus: Pick<Bus, 'publish'>; bury: Bury; log: Log }): (message: InboundMessage) => Promise<void> {
  return async ({ id, source, body }) => {
    try {
      await bus.publish(readEvent(source, body));
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      const payload = jsonOrText(body.toString('utf8'));
      const { event_type: name = 'unknown' } = identify(payload);
      log.warn({ message_id: id, source, code: error.code, reason: describeError(error) }, 'a message of another system is no event');
      await bury({ kind: 'event', origin: INTAKE, refId: id, name, payload, reason: error.code, attempts: 1, lastError: explain(error) });
    }
  };
}

function readEvent(source: string, body: Buffer): BusEvent {
  if (body.length > MAX_EVENT_BYTES) throw new AppError('payload_too_large', { bytes: body.length, max_bytes: MAX_EVENT_BYTES });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new AppError('invalid_event', { issues: [{ path: '', message: 'not JSON in UTF-8' }] }, { cause });
  }
  const event = parseEvent(json);
  if (event.source !== source) throw new AppError('source_not_allowed', { source: event.source, event_type: event.event_type, allowed: [source] });
  assertSource(event);
  return event;
}

function explain(error: AppError): string {
  return `${describeError(error)} ${JSON.stringify(error.details)}`;
}
