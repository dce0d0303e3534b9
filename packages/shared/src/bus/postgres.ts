import { sql } from 'drizzle-orm';
import { startListener, type DatabaseHandle, type Listener, type Transaction } from '../db/index.ts';
import type { Bury } from '../dead-letters/index.ts';
import type { BusEvent } from '../events/index.ts';
import { describeError, type Log } from '../kernel/index.ts';
import { startConsumer, type Consumer } from './consumer.ts';
import { encodeEvent } from './encode.ts';
import type { Observe } from './observe.ts';
import type { Bus, PublishOptions } from './port.ts';
import { toBusError } from './postgres/errors.ts';
import { registerGroup } from './postgres/groups.ts';
import { CHANNEL } from './postgres/locks.ts';
import { pruneEvents } from './postgres/prune.ts';
import { publishWithin, type Audience } from './postgres/publish.ts';
import { createDeliveryStore } from './postgres/store.ts';
import { completeSubscription } from './subscription.ts';
import { unavailable } from './unavailable.ts';

const DAY_MS = 24 * 3600 * 1000;
const PRUNE_EVERY_MS = 3600 * 1000;

export interface PostgresBusOptions {
  /** Where the tables are. Not stopped by the bus. */
  database: DatabaseHandle;
  /** For the connection that listens. */
  connectionString: string;
  bury: Bury;
  log: Log;
  observe?: Observe | undefined;
  /** Whether transactions of the caller are of this same database; default true. */
  transactional?: boolean;
  /** Default `groups`. */
  audience?: Audience;
  /** How long events stay in the log for new groups and for telling duplicates, in ms; default 7 days. */
  retentionMs?: number;
}

/**
 * The bus in PostgreSQL: an append-only log (`events`) and what each group has yet to handle (`bus_deliveries`).
 * NOTIFY wakes the consumers. An `event_id` is known as a duplicate for as long as its event is in the log.
 */
export function createPostgresBus(options: PostgresBusOptions): Bus {
  const { database, connectionString, bury, log, observe, transactional = true, audience = 'groups', retentionMs = 7 * DAY_MS } = options;
  const { db } = database;
  // The dead letters lie in the product's own database: only there can they be part of the transaction.
  const buryHere: Bury = transactional ? bury : (letter) => bury(letter);
  const consumers = new Map<Consumer, ReadonlySet<string>>();
  let listener: Listener | undefined;
  let pruning: Promise<void> | undefined;
  let closed: Promise<void> | undefined;

  const pruneTimer = setInterval(() => {
    pruning ??= pruneEvents(db, retentionMs)
      .then((pruned) => log.debug({ pruned }, 'pruned the event log'))
      .catch((error: unknown) => log.warn({ reason: describeError(error) }, 'the event log could not be pruned'))
      .finally(() => (pruning = undefined));
  }, PRUNE_EVERY_MS).unref();

  function wake(type: string | null): void {
    for (const [consumer, types] of consumers) if (type === null || types.has(type)) consumer.wake();
  }

  async function publishAll(events: readonly BusEvent[], { transaction, group: onlyFor }: PublishOptions): Promise<{ duplicate: boolean }[]> {
    if (transaction !== undefined && !transactional) throw new TypeError('this bus is in another database than the transaction');
    const encoded = events.map(encodeEvent);
    const write = (within: Transaction): Promise<{ duplicate: boolean }[]> => publishWithin(within, encoded, { audience, onlyFor });
    try {
      const published = await (transaction === undefined ? db.transaction(write) : write(transaction));
      for (const [i, { duplicate }] of published.entries()) {
        if (!duplicate) observe?.({ type: events[i]!.event_type, outcome: 'published' });
      }
      return published;
    } catch (error) {
      throw toBusError(error);
    }
  }

  async function close(): Promise<void> {
    clearInterval(pruneTimer);
    await Promise.all([...consumers.keys()].map((consumer) => consumer.stop()));
    await listener?.stop();
    await pruning;
  }

  return {
    transactional,

    async publish(event, how = {}) {
      const [published] = await publishAll([event], how);
      return published!;
    },

    publishAll,

    async subscribe(subscription) {
      const complete = completeSubscription(subscription);
      const { group, types, leaseMs } = complete;
      try {
        await registerGroup(db, group, types);
      } catch (error) {
        throw toBusError(error);
      }
      if (closed !== undefined) throw unavailable(undefined, 'The bus is closed.');
      listener ??= startListener({ connectionString, channel: CHANNEL, onNotify: wake, log });
      const consumer = startConsumer(createDeliveryStore(db, { group, types, leaseMs, bury: buryHere }), complete, { log, observe });
      consumers.set(consumer, new Set(types));
      return {
        stop: async () => {
          await consumer.stop();
          consumers.delete(consumer);
        },
      };
    },

    async backlog(group) {
      try {
        const { rows } = await db.execute<{ waiting: string }>(sql`SELECT count(*) AS waiting FROM bus_deliveries WHERE group_name = ${group}`);
        return Number(rows[0]?.waiting ?? 0);
      } catch (error) {
        throw toBusError(error);
      }
    },

    async ready() {
      try {
        await database.ready();
      } catch (error) {
        throw toBusError(error);
      }
    },

    close: () => (closed ??= close()),
  };
}
