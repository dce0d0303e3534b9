import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { migrateDatabase, openDatabase } from '../../packages/shared/src/db/index.ts';
import { silentLog } from '../../packages/shared/src/kernel/index.ts';

/** The advisory lock under which one test process makes the template and the others wait. */
const TEMPLATE_LOCK = 4_711_002;
const TEMPLATE = 'armoricore_template';

export interface TestDatabase {
  url: string;
  /** Disconnects whoever is still there and deletes the database. */
  drop(): Promise<void>;
}

/** A fresh, migrated database on the PostgreSQL of this test run: a copy of a template that is migrated once. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await query(async (run) => {
    await run(`SELECT pg_advisory_lock(${TEMPLATE_LOCK})`); // Also: a template is copied only while nobody uses it.
    const { rows } = await run(`SELECT FROM pg_database WHERE datname = '${TEMPLATE}'`);
    if (rows.length === 0) await makeTemplate(run);
    await run(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  });
  return {
    url: urlOf(name),
    drop: () => query(async (run) => void (await run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
}

type Run = (sql: string) => Promise<{ rows: unknown[] }>;

async function makeTemplate(run: Run): Promise<void> {
  const draft = `${TEMPLATE}_draft`;
  await run(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
  await run(`CREATE DATABASE ${draft}`);
  await migrateDatabase(urlOf(draft));
  await run(`ALTER DATABASE ${draft} RENAME TO ${TEMPLATE}`);
}

async function query(work: (run: Run) => Promise<void>): Promise<void> {
  const handle = openDatabase(inject('postgresUrl'), { max: 1, log: silentLog });
  try {
    await work((sql) => handle.pool.query(sql));
  } finally {
    await handle.stop();
  }
}

function urlOf(database: string): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${database}`;
  return url.href;
}
