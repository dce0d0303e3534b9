import type { Log } from '../kernel/index.ts';
import type { QueueStore } from './port.ts';

export { DelayedError, UnrecoverableError, WaitingChildrenError } from 'bullmq';
export type * from './port.ts';

/** Connections for queries on the PostgreSQL backend. */
const CONNECTIONS = 4;
const PREFIX = 'armoricore';

export interface QueueStoreOptions {
  /** Redis is used when this is set, the database otherwise. */
  redisUrl?: string | undefined;
  databaseUrl: string;
  /** Begins the name of every key in Redis. */
  prefix?: string;
  /** Workers that this process will start; default none. */
  workers?: number;
  /** Connections to PostgreSQL, beside one a worker. */
  connections?: number;
  log: Log;
}

/**
 * Connects to the queues. An adapter is loaded only when it is the one.
 * @throws when they cannot be reached
 */
export async function openQueues(options: QueueStoreOptions): Promise<QueueStore> {
  const { redisUrl, databaseUrl, prefix = PREFIX, workers = 0, connections = CONNECTIONS, log } = options;
  if (redisUrl !== undefined) {
    const { openRedisQueues } = await import('./redis.ts');
    return openRedisQueues({ redisUrl, prefix, log });
  }
  const { openPostgresQueues } = await import('./postgres.ts');
  return openPostgresQueues({ databaseUrl, connections, workers, log });
}
