import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Log, Service } from '../kernel/index.ts';

export type Database = NodePgDatabase;
/** A running transaction of `Database.transaction`. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

export interface DatabaseHandle extends Service {
  db: Database;
  pool: pg.Pool;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** A pool of at most `max` connections, and drizzle over it. Connects when first used. */
export function openDatabase(connectionString: string, { max = 10, log }: { max?: number; log: Log }): DatabaseHandle {
  const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: 5_000 });
  pool.on('error', (error) => log.warn({ reason: error.message }, 'idle database connection lost'));
  // The pool does not listen to a connection that is lent out, and an 'error' that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ reason: error.message }, 'database connection lost')));
  const db = drizzle(pool);
  db.transaction = (work, config) => inTransaction(pool, (own) => own.transaction(work, config));
  return {
    name: 'database',
    db,
    pool,
    ready: async () => {
      await pool.query('SELECT 1');
    },
    stop: () => pool.end(),
  };
}

/**
 * Runs a transaction on a connection that comes back to the pool however it ends. Drizzle's own way keeps the connection
 * for ever when it dies at BEGIN; some such losses and the pool is empty.
 */
async function inTransaction<T>(pool: pg.Pool, run: (own: Database) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await run(drizzle(client));
  } finally {
    client.release();
  }
}
