import { eq } from 'drizzle-orm';
import { testBury } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { BusHarness } from '../../src/bus/conformance.ts';
import type { Bus } from '../../src/bus/index.ts';
import { createPostgresBus } from '../../src/bus/postgres.ts';
import { deadLetters, openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';

export interface PostgresHarness extends BusHarness {
  url: string;
  /** For looking at the tables, and for transactions of the caller. */
  database: DatabaseHandle;
  close(): Promise<void>;
}

/** A fresh database, and buses over it that each have connections of their own, as processes do. */
export async function makePostgresHarness(): Promise<PostgresHarness> {
  const testDatabase = await createTestDatabase();
  const { url } = testDatabase;
  const database = openDatabase(url, { log: silentLog });
  const opened = new Map<Bus, { handle: DatabaseHandle; crashed: boolean }>();
  return {
    url,
    database,
    async open() {
      const handle = openDatabase(url, { log: silentLog });
      const bus = createPostgresBus({ database: handle, connectionString: url, bury: testBury(handle.db), log: silentLog });
      opened.set(bus, { handle, crashed: false });
      return bus;
    },
    async crash(bus) {
      const entry = opened.get(bus);
      if (entry === undefined) throw new Error('not a bus of this harness');
      entry.crashed = true;
      await entry.handle.stop();
    },
    async deadLetters(group) {
      const rows = await database.db.select().from(deadLetters).where(eq(deadLetters.origin, group)).orderBy(deadLetters.createdAt);
      return rows.map(({ refId: eventId, reason, attempts, lastError }) => ({ eventId, reason, attempts, lastError }));
    },
    async close() {
      await Promise.all([...opened.keys()].map((bus) => bus.close()));
      const alive = [...opened.values()].filter(({ crashed }) => !crashed);
      await Promise.all(alive.map(({ handle }) => handle.stop()));
      await database.stop();
      await testDatabase.drop();
    },
  };
}
