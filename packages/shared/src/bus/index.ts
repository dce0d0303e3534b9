import type { busConfig, ConfigOf } from '../config/index.ts';
import { migrateDatabase, openDatabase, type DatabaseHandle } from '../db/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Bus } from './port.ts';

export type * from './port.ts';
export { createMemoryBroker, createMemoryBus, type MemoryBroker, type MemoryBus, type MemoryDeadLetter } from './memory.ts';

export type BusConfig = ConfigOf<{ bus: typeof busConfig }>['bus'];

/** Connections of a bus that has a database of its own. */
const OWN_POOL = 4;

/**
 * The bus that the configuration names: by default in the product's own database, where a publish can be part of a
 * transaction. An adapter is loaded only when it is the one.
 */
export async function openBus({ BUS_URL }: BusConfig, { database, log }: { database: DatabaseHandle; log: Log }): Promise<Bus> {
  const { createPostgresBus } = await import('./postgres.ts');
  const home = database.pool.options.connectionString ?? '';
  if (BUS_URL === undefined || BUS_URL === home) return createPostgresBus({ database, connectionString: home, log });

  await migrateDatabase(BUS_URL);
  const own = openDatabase(BUS_URL, { max: OWN_POOL, log });
  const bus = createPostgresBus({ database: own, connectionString: BUS_URL, log, transactional: false });
  return {
    ...bus,
    async close() {
      await bus.close();
      await own.stop();
    },
  };
}
