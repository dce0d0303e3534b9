import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createInbox, nanos, type Msg } from '@nats-io/transport-node';
import { EVENT_SOURCES, type EventSource } from '../../events/index.ts';
import { describeError, fullJitter, withDeadline, type Log } from '../../kernel/index.ts';
import type { InboundMessage } from '../intake.ts';
import { parseReply } from './delivered.ts';
import type { Link, Session } from './link.ts';
import type { NatsNames } from './names.ts';
import { INBOUND_LEASE_MS } from './streams.ts';

/** How long a pull waits in the broker for a message, in ms, and how much later its answer counts as lost. */
const PULL_MS = 5_000;
const LOST_MS = 2_000;
const BACKOFF = { baseMs: 100, maxMs: 10_000 };

interface InboundOptions {
  link: Link;
  names: NatsNames;
  take(message: InboundMessage): Promise<void>;
  log: Log;
}

/**
 * Takes in what other systems publish, source by source, one message after the other: the broker gives the next one of a
 * source, to whichever process, when this one was acknowledged.
 */
export function startInbound({ link, names, take, log }: InboundOptions): { stop(): Promise<void> } {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = once(signal, 'abort').then(() => null);

  async function run(source: EventSource): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const session = await Promise.race([link.within(PULL_MS), aborted]);
        const message = session === null ? null : await pull(session, names, source, signal);
        if (message !== null) await handle(source, message);
        failures = 0;
      } catch (error) {
        failures += 1;
        log.debug({ source, reason: describeError(error) }, 'nothing can be taken in');
        await pause(failures);
      }
    }
  }

  async function handle(source: EventSource, message: Msg): Promise<void> {
    const reply = message.reply ?? '';
    const { seq, time } = parseReply(reply);
    const { data } = message;
    const inbound = { id: `${source}-${seq}-${time}`, source, body: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
    const alive = setInterval(() => link.tell(reply, '+WPI'), INBOUND_LEASE_MS / 3);
    try {
      for (let failures = 1; !signal.aborted; failures++) {
        try {
          await take(inbound);
          await link.request(reply, '+ACK');
          return;
        } catch (error) {
          if (failures === 1) log.warn({ source, message_id: inbound.id, reason: describeError(error) }, 'a message could not be taken in yet');
        }
        await pause(failures);
      }
      link.tell(reply, '-NAK');
    } finally {
      clearInterval(alive);
    }
  }

  /** Rejects when the intake stops, and only then. */
  function pause(failures: number): Promise<void> {
    return delay(fullJitter(BACKOFF, failures), undefined, { signal }).catch(() => undefined);
  }

  const running = EVENT_SOURCES.map(run);
  return {
    async stop() {
      controller.abort();
      await Promise.all(running);
    },
  };
}

/** The next message of a source; null when none came in time. */
function pull({ nc }: Session, names: NatsNames, source: EventSource, signal: AbortSignal): Promise<Msg | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Msg | null>();
  const inbox = createInbox();
  // What the broker says about the pull comes to the inbox, a message under its own subject.
  const subscription = nc.subscribe(inbox, {
    max: 1,
    callback: (error, message) => (error === null ? resolve(message.subject === inbox ? null : message) : reject(error)),
  });
  const withdraw = (): void => {
    if (subscription.isClosed()) return;
    // Takes what was on its way, unless the broker is silent.
    withDeadline(subscription.drain(), LOST_MS, 'no answer').catch(() => subscription.unsubscribe());
  };
  const timer = setTimeout(withdraw, PULL_MS + LOST_MS);
  signal.addEventListener('abort', withdraw, { once: true });
  void subscription.closed.then(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', withdraw);
    resolve(null);
  });
  const api = `$JS.API.CONSUMER.MSG.NEXT.${names.inbound}.${names.sourceConsumer(source)}`;
  nc.publish(api, JSON.stringify({ batch: 1, expires: nanos(PULL_MS) }), { reply: inbox });
  return promise;
}
