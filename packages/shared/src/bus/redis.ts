import type { Redis } from 'ioredis';
import { describeError } from '../kernel/index.ts';
import { startConsumer, type Consumer } from './consumer.ts';
import { encodeEvent } from './encode.ts';
import type { BrokerOptions } from './index.ts';
import { createIntake } from './intake.ts';
import type { Bus } from './port.ts';
import { connectRedis, type Connection } from './redis/connection.ts';
import { backlogOf, registerGroup } from './redis/groups.ts';
import { startInbound } from './redis/inbound.ts';
import { keysOf } from './redis/keys.ts';
import { createPublisher } from './redis/publish.ts';
import { createDeliveryStore } from './redis/store.ts';
import { trimLog } from './redis/trim.ts';
import { warnOfLosses } from './redis/warnings.ts';
import { completeSubscription } from './subscription.ts';
import { unavailable } from './unavailable.ts';

/** How long events stay in the log for new groups, and ids are known for telling duplicates, in ms. */
const RETENTION_MS = 7 * 24 * 3600 * 1000;
const TRIM_EVERY_MS = 60_000;
/** How long a subscription waits for Redis, in ms. */
const SUBSCRIBE_WAIT_MS = 10_000;

/**
 * The bus in Redis (6.2 or newer): a stream, which all groups read, and beside it what each group holds, changed by scripts
 * alone. PUBLISH wakes the consumers. Connects in the background, for as long as it is not closed; `ready` tells.
 */
export function openRedisBus({ url, namespace, bury, log, observe }: BrokerOptions): Bus {
  const keys = keysOf(namespace);
  const consumers = new Map<Consumer, ReadonlySet<string>>();
  let listener: Connection | undefined;
  let trimming: Promise<void> | undefined;
  let closed: Promise<void> | undefined;

  const connection = connectRedis(url, { name: `${namespace}-bus`, log, onUp: (client) => warnOfLosses(client, log) });
  const append = createPublisher(connection, keys, RETENTION_MS);

  const trimTimer = setInterval(() => {
    trimming ??= trimLog(connection, keys, RETENTION_MS)
      .then((trimmed) => log.debug({ trimmed }, 'trimmed the event log'))
      .catch((error: unknown) => log.debug({ reason: describeError(error) }, 'the event log could not be trimmed'))
      .finally(() => (trimming = undefined));
  }, TRIM_EVERY_MS).unref();

  /** Messages only make things fast: consumers also look by themselves. After a (re)connect any may have been missed. */
  async function listen(client: Redis): Promise<void> {
    client.removeAllListeners('message').on('message', (_channel: string, type: string) => wake(type));
    await client.subscribe(keys.wake);
    wake(null);
  }

  function wake(type: string | null): void {
    for (const [consumer, types] of consumers) if (type === null || types.has(type)) consumer.wake();
  }

  const publish: Bus['publish'] = async (event, { transaction, group } = {}) => {
    if (transaction !== undefined) throw new TypeError('Redis takes no part in transactions of the database');
    const published = await append(encodeEvent(event), group);
    if (!published.duplicate) observe?.({ type: event.event_type, outcome: 'published' });
    return published;
  };

  const inbound = startInbound({ connection, keys, takeIn: createIntake({ bus: { publish }, bury, log }), log });

  async function close(): Promise<void> {
    clearInterval(trimTimer);
    await Promise.all([inbound.stop(), ...[...consumers.keys()].map((consumer) => consumer.stop())]);
    listener?.close();
    await trimming;
    connection.close();
  }

  return {
    transactional: false,
    publish,

    async subscribe(subscription) {
      const complete = completeSubscription(subscription);
      const { group, types, leaseMs } = complete;
      await connection.whenUp(SUBSCRIBE_WAIT_MS);
      await registerGroup(connection, keys, group, types);
      if (closed !== undefined) throw unavailable();
      listener ??= connectRedis(url, { name: `${namespace}-wake`, log, onUp: listen });
      const consumer = startConsumer(createDeliveryStore(connection, keys, { group, types, leaseMs, bury }), complete, { log, observe });
      consumers.set(consumer, new Set(types));
      return {
        stop: async () => {
          await consumer.stop();
          consumers.delete(consumer);
        },
      };
    },

    backlog: (group) => backlogOf(connection, keys, group),
    ready: () => connection.ping(),
    close: () => (closed ??= close()),
  };
}
