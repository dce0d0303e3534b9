import { createPostgresBackend, runMigrations, type BackendFactory, type ConnectionOptions, type PgPool } from 'bullmq';
import pg from 'pg';
import type { Log } from '../kernel/index.ts';
import type { QueueStore } from './port.ts';
import { createStore } from './store.ts';

const SCHEMA = 'bullmq';
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 30_000;

export interface PostgresQueueOptions {
  databaseUrl: string;
  /** Connections for queries. */
  connections: number;
  /** Workers that this process will start: each holds a connection more, to listen. */
  workers: number;
  log: Log;
}

/** The queues in the schema `bullmq` of a PostgreSQL database, over one pool of bounded size. Brings the schema to its newest version. */
export async function openPostgresQueues({ databaseUrl, connections, workers, log }: PostgresQueueOptions): Promise<QueueStore> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections + workers,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    options: `-c search_path=${SCHEMA}`,
  });
  pool.setMaxListeners(0); // Each queue and worker listens for its errors.
  pool.on('error', (error) => log.debug({ reason: error.message }, 'idle queue connection lost'));
  const own = pool as unknown as PgPool; // The same class under BullMQ's own, narrower description of it.
  try {
    const client = await own.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      client.release();
    }
  } catch (error) {
    await pool.end();
    throw error;
  }
  const connected = { connection: own as unknown as ConnectionOptions }; // BullMQ's types name Redis' unless told at every use.
  return createStore(
    {
      name: 'postgres',
      forQueues: () => connected,
      forWorkers: () => connected,
      factory: createPostgresBackend as unknown as BackendFactory,
      async ping() {
        await pool.query('SELECT 1');
      },
      close: () => pool.end(),
    },
    log,
  );
}
