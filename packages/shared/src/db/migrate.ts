import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** The advisory lock that only one migrating process holds at a time. */
const MIGRATION_LOCK = 4_711_001;

const MIGRATIONS_DIR = fileURLToPath(new URL('../../../../migrations', import.meta.url));

/** Brings the database to the newest schema. Safe to call from several processes at once; does nothing when all is done. */
export async function migrateDatabase(connectionString: string, { folder = MIGRATIONS_DIR } = {}): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder: folder });
  } finally {
    await client.end();
  }
}
