import { setTimeout as delay } from 'node:timers/promises';
import { EVENT_TYPES } from '../events/index.ts';
import { AppError, describeError, fullJitter, type Log } from '../kernel/index.ts';
import type { Bus } from './port.ts';
import { RELAY } from './postgres/publish.ts';

/** Events that the relay of one process hands over at once; of one key it is only ever one. */
const CONCURRENCY = 32;
/** Between tries to hand an event to a broker that is away. */
const BACKOFF = { baseMs: 100, maxMs: 5_000 };
/** The relay itself waits for the broker: only a relay that dies with an event again and again uses tries up. */
const MAX_ATTEMPTS = 100;

export interface OutboxOptions {
  /** A Postgres bus with the audience `relay`; closed with this bus. */
  outbox: Bus;
  log: Log;
  /** Everything takes the way through the outbox, for a bus that cannot tell duplicates. */
  always?: boolean;
}

/**
 * Makes a bus transactional (the pattern *transactional outbox*): what is published in a transaction is written to the log
 * `outbox`, which lies in the database of the transaction, and handed to `bus` once that commits. Any number of processes
 * may relay; an event is handed over at least once, and in the order of its key. The rest goes to `bus` itself.
 */
export async function withOutbox(bus: Bus, { outbox, log, always = false }: OutboxOptions): Promise<Bus> {
  await outbox.subscribe({
    group: RELAY,
    types: EVENT_TYPES,
    concurrency: CONCURRENCY,
    maxAttempts: MAX_ATTEMPTS,
    async handler(event, { signal, onlyFor }) {
      const options = onlyFor === undefined ? {} : { group: onlyFor };
      for (let failures = 1; ; failures++) {
        try {
          await bus.publish(event, options);
          return;
        } catch (error) {
          if (!(error instanceof AppError && error.retryable)) throw error;
          log.warn({ event_id: event.event_id, failures, reason: describeError(error) }, 'the broker does not take events');
        }
        await delay(fullJitter(BACKOFF, failures), undefined, { signal });
      }
    },
  });
  return {
    transactional: true,
    publishAll: outbox.publishAll!,
    publish: (event, options = {}) => (always || options.transaction !== undefined ? outbox : bus).publish(event, options),
    subscribe: (subscription) => bus.subscribe(subscription),
    backlog: (group) => (group === RELAY ? outbox : bus).backlog(group),
    async ready() {
      await Promise.all([outbox.ready(), bus.ready()]);
    },
    async close() {
      await outbox.close();
      await bus.close();
    },
  };
}
