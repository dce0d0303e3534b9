import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { testBury } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { startTcpProxy, type TcpProxy } from '../../../../test/support/tcp-proxy.ts';
import type { BusHarness, Difference } from '../../src/bus/conformance.ts';
import { openBus, type Bus } from '../../src/bus/index.ts';
import { deadLetters, openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';

interface Opened {
  handle: DatabaseHandle;
  proxy: TcpProxy;
  crashed: boolean;
}

export interface BrokerHarness extends BusHarness {
  url: string;
  namespace: string;
  /** For looking at the tables, and for transactions of the caller. */
  database: DatabaseHandle;
  /** The way of a bus to its broker. */
  proxyOf(bus: Bus): TcpProxy;
  close(): Promise<void>;
}

/**
 * Buses as the product opens them over a broker: each has connections of its own, through a proxy that can be cut. A random
 * namespace keeps the tests apart in the one broker.
 */
export async function makeBrokerHarness(url: string, differences: readonly Difference[] = []): Promise<BrokerHarness> {
  const testDatabase = await createTestDatabase();
  const database = openDatabase(testDatabase.url, { log: silentLog });
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const opened = new Map<Bus, Opened>();
  const entryOf = (bus: Bus): Opened => {
    const entry = opened.get(bus);
    if (entry === undefined) throw new Error('not a bus of this harness');
    return entry;
  };
  return {
    url,
    namespace,
    database,
    differences: new Set(differences),
    proxyOf: (bus) => entryOf(bus).proxy,
    async open() {
      const handle = openDatabase(testDatabase.url, { log: silentLog });
      const proxy = await startTcpProxy(url);
      const settings = { BUS_URL: proxy.through(url), BUS_NAMESPACE: namespace };
      const bus = await openBus(settings, { database: handle, bury: testBury(handle.db), log: silentLog });
      opened.set(bus, { handle, proxy, crashed: false });
      return bus;
    },
    async crash(bus) {
      const entry = entryOf(bus);
      entry.crashed = true;
      entry.proxy.cut();
      await entry.handle.stop();
    },
    async deadLetters(group) {
      const rows = await database.db.select().from(deadLetters).where(eq(deadLetters.origin, group)).orderBy(deadLetters.createdAt);
      return rows.map(({ refId: eventId, reason, attempts, lastError }) => ({ eventId, reason, attempts, lastError }));
    },
    async close() {
      await Promise.all([...opened.keys()].map((bus) => bus.close()));
      for (const { handle, proxy, crashed } of opened.values()) {
        if (!crashed) await handle.stop();
        await proxy.close();
      }
      await database.stop();
      await testDatabase.drop();
    },
  };
}
