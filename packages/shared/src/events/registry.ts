import type { z } from 'zod';
import { AppError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import * as conversation from './conversation.ts';
import { EVENT_SOURCES, envelopeSchema, type Envelope, type EventDefinition, type EventSource } from './envelope.ts';
import * as media from './media.ts';
import * as moderation from './moderation.ts';
import * as notifications from './notifications.ts';
import * as transcription from './transcription.ts';

const definitions = [
  media.mediaUploaded,
  media.mediaProgress,
  media.mediaReady,
  media.mediaFailed,
  notifications.notificationRequested,
  notifications.notificationSent,
  notifications.notificationFailed,
  transcription.transcriptionRequested,
  transcription.transcriptionComplete,
  transcription.transcriptionFailed,
  conversation.chatMessage,
  moderation.moderationVerdict,
  moderation.moderationFailed,
  conversation.presenceUpdate,
  conversation.membershipUpdated,
  conversation.userRevoked,
] as const;

type Definitions = (typeof definitions)[number];
export type EventType = Definitions['type'];
export type PayloadOf<T extends EventType> = Extract<Definitions, { type: T }> extends EventDefinition<T, infer P> ? P : never;

/** An event whose envelope and payload were checked. */
export type BusEvent<T extends EventType = EventType> = {
  [K in T]: Omit<Envelope, 'event_type' | 'payload'> & { event_type: K; payload: PayloadOf<K> };
}[T];

const byType = new Map<string, EventDefinition>(definitions.map((definition) => [definition.type, definition as unknown as EventDefinition]));

export const EVENT_TYPES = definitions.map(({ type }) => type) as readonly EventType[];

/** The definition of a type. @throws AppError `unknown_event_type` */
export function eventDefinition(type: string): EventDefinition {
  const definition = byType.get(type);
  if (definition === undefined) throw new AppError('unknown_event_type', { event_type: type.slice(0, 128), allowed: EVENT_TYPES });
  return definition;
}

/**
 * Checks an envelope and the payload in it.
 * @throws AppError `invalid_event` (envelope), `unknown_event_type`, `invalid_payload`, each with the wrong paths.
 */
export function parseEvent(input: unknown): BusEvent {
  const envelope = envelopeSchema.safeParse(input);
  if (!envelope.success) throw new AppError('invalid_event', { issues: issuesOf(envelope.error) });
  const payload = eventDefinition(envelope.data.event_type).payload.safeParse(envelope.data.payload);
  if (!payload.success) throw new AppError('invalid_payload', { issues: issuesOf(payload.error) });
  return { ...envelope.data, payload: payload.data } as BusEvent;
}

/**
 * @param owned the sources that whoever publishes may claim; default all
 * @throws AppError `source_not_allowed` when an event of this type may not come from its source
 */
export function assertSource({ event_type, source }: Pick<BusEvent, 'event_type' | 'source'>, owned: readonly string[] = EVENT_SOURCES): void {
  const allowed = eventDefinition(event_type).from.filter((known) => owned.includes(known));
  if (!allowed.some((known) => known === source)) throw new AppError('source_not_allowed', { source, event_type, allowed });
}

/** Makes an event with a new id and the present time, unless they are given. The payload is checked. */
export function createEvent<T extends EventType>(
  type: T,
  payload: PayloadOf<T>,
  origin: { source: EventSource; eventId?: string; userId?: string; trace?: string },
): BusEvent<T> {
  return parseEvent({
    event_type: type,
    event_id: origin.eventId ?? newId(),
    timestamp: new Date().toISOString(),
    source: origin.source,
    payload,
    ...(origin.trace === undefined ? {} : { trace: origin.trace }),
    ...(origin.userId === undefined ? {} : { user_id: origin.userId }),
  }) as BusEvent<T>;
}

/** Events with the same key are handled in the order of their publishing. */
export function eventKey(event: BusEvent): string {
  return `${event.event_type.split('.')[0]}:${eventDefinition(event.event_type).key(event.payload)}`;
}

/** What is wrong in an input, for a caller: path and message of at most ten faults. */
export function issuesOf(error: z.ZodError): { path: string; message: string }[] {
  return error.issues.slice(0, 10).map(({ path, message }) => ({ path: path.join('.'), message }));
}
