import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { migrateDatabase, openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';

describe('migrations', () => {
  it('bring an empty database to the newest schema once, however many processes start at the same moment', async () => {
    const admin = openDatabase(inject('postgresUrl'), { max: 1, log: silentLog });
    const name = `empty_${randomBytes(8).toString('hex')}`;
    await admin.pool.query(`CREATE DATABASE ${name}`);
    const url = new URL(inject('postgresUrl'));
    url.pathname = `/${name}`;
    try {
      await Promise.all([1, 2, 3, 4].map(() => migrateDatabase(url.href)));
      const database = openDatabase(url.href, { log: silentLog });
      const { rows } = await database.pool.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`);
      const applied = await database.pool.query('SELECT hash FROM drizzle.__drizzle_migrations');
      await database.stop();
      expect(rows.map((row) => row.name)).toEqual(expect.arrayContaining(['bus_deliveries', 'bus_groups', 'dead_letters', 'events', 'media', 'renditions']));
      expect(new Set(applied.rows.map(({ hash }: { hash: string }) => hash)).size).toBe(applied.rows.length);
    } finally {
      await admin.pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.stop();
    }
  });

  it('reject when there is no database', async () => {
    await expect(migrateDatabase('postgres://nobody@127.0.0.1:1/none')).rejects.toThrow();
  });
});

describe('a database handle', () => {
  let made: TestDatabase;
  let database: DatabaseHandle;
  beforeEach(async () => {
    made = await createTestDatabase();
    database = openDatabase(made.url, { max: 1, log: silentLog });
  });
  afterEach(async () => {
    await database.stop();
    await made.drop();
  });

  it('is ready when the database answers', async () => {
    await database.ready();
    const none = openDatabase('postgres://nobody@127.0.0.1:1/none', { log: silentLog });
    await expect(none.ready()).rejects.toThrow();
    await none.stop();
  });

  it('gets its connection back from a transaction, however it ends', async () => {
    const pidOf = async (run: Pick<DatabaseHandle['db'], 'execute'>) => (await run.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)).rows[0]!.pid;
    const killer = openDatabase(made.url, { max: 1, log: silentLog });
    expect(await database.db.transaction(async () => 'done')).toBe('done');
    await expect(database.db.transaction(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    // Killed while it is lent out, and while the pool has it and does not know yet.
    const dying = database.db.transaction(async (transaction) => {
      await killer.pool.query('SELECT pg_terminate_backend($1)', [await pidOf(transaction)]);
      await pidOf(transaction);
    });
    await expect(dying).rejects.toThrow();
    await killer.pool.query('SELECT pg_terminate_backend($1)', [await pidOf(database.db)]);
    // With its only connection lost for good it would never work again.
    await waitFor(() => database.db.transaction(async (transaction) => pidOf(transaction)));
    await killer.stop();
  });
});
