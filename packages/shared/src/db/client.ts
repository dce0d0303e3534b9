import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Log, Service } from '../kernel/index.ts';
import * as schema from './schema/index.ts';

export type Database = NodePgDatabase<typeof schema>;
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
  return {
    name: 'database',
    db: drizzle(pool, { schema }),
    pool,
    ready: async () => {
      await pool.query('SELECT 1');
    },
    stop: () => pool.end(),
  };
}
