import { openBus, type Bus } from '../../packages/shared/src/bus/index.ts';
import type { Database, DatabaseHandle } from '../../packages/shared/src/db/index.ts';
import { createBury, type Bury } from '../../packages/shared/src/dead-letters/index.ts';
import { silentLog } from '../../packages/shared/src/kernel/index.ts';
import type { Storage } from '../../packages/shared/src/storage/index.ts';

/** The default bus, in a database of the test. */
export function openTestBus(database: DatabaseHandle): Promise<Bus> {
  return openBus({ BUS_URL: undefined, BUS_NAMESPACE: 'test' }, { database, bury: testBury(database.db), log: silentLog });
}

/** Keeps dead letters in a database of the test; large ones, which need an object storage, it refuses. */
export function testBury(db: Database): Bury {
  const put = (): Promise<never> => Promise.reject(new Error('this test has no storage for large dead letters'));
  return createBury(db, { put } as unknown as Storage);
}
