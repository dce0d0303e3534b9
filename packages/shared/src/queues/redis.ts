import { Redis, type RedisOptions } from 'ioredis';
import { AppError, fullJitter, type Log } from '../kernel/index.ts';
import type { QueueStore } from './port.ts';
import { createStore } from './store.ts';

const RECONNECT = { baseMs: 100, maxMs: 2_000 };
const CONNECT_TIMEOUT_MS = 5_000;
/** How long a command of a queue may wait for its answer, or for the connection to come back, in ms. */
const COMMAND_TIMEOUT_MS = 5_000;
/** After so many failed reconnects the commands that wait are dropped. */
const MAX_RETRIES = 3;

export interface RedisQueueOptions {
  redisUrl: string;
  /** Begins the name of every key. */
  prefix: string;
  log: Log;
}

/**
 * The queues in Redis, which needs `maxmemory-policy noeviction`.
 * @throws AppError `unavailable` when it cannot be reached
 */
export async function openRedisQueues({ redisUrl, prefix, log }: RedisQueueOptions): Promise<QueueStore> {
  const common: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (tries: number) => fullJitter(RECONNECT, tries),
  };
  const clients: Redis[] = [];
  const connect = (options: RedisOptions): Redis => {
    const client = new Redis(redisUrl, { ...common, ...options, replyMapping: 'legacy' });
    // Queues and workers report the errors of their client; this is for the moments in which there is none.
    client.on('error', (error: Error) => log.debug({ reason: error.message }, 'Redis connection error'));
    clients.push(client);
    return client;
  };
  const hasty = connect({ lazyConnect: true, maxRetriesPerRequest: MAX_RETRIES, commandTimeout: COMMAND_TIMEOUT_MS });
  try {
    await hasty.connect();
  } catch (cause) {
    hasty.disconnect();
    throw new AppError('unavailable', { service: 'redis' }, { cause });
  }
  let patient: Redis | undefined;
  return createStore(
    {
      name: 'redis',
      forQueues: () => ({ connection: hasty, prefix }),
      forWorkers: () => ({ connection: (patient ??= connect({ maxRetriesPerRequest: null })), prefix }),
      async ping() {
        await hasty.ping();
      },
      async close() {
        for (const client of clients) client.disconnect();
      },
    },
    log,
  );
}
