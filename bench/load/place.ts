import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBus, type Bus } from '@armoricore/shared/bus';
import { migrateDatabase, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createBury, type Bury } from '@armoricore/shared/dead-letters';
import { silentLog } from '@armoricore/shared/kernel';
import { openQueues, type QueueStore } from '@armoricore/shared/queues';
import type { Storage } from '@armoricore/shared/storage';
import { startPostgres } from '../../infra/local/src/postgres.ts';
import { startRedis } from '../../test/support/services/redis.ts';

/** Private servers, and what a farm needs of them. PostgreSQL is as durable as it is by default. */
export interface Place {
  databaseUrl: string;
  database: DatabaseHandle;
  bus: Bus;
  bury: Bury;
  scratchDir: string;
  openQueues(): Promise<QueueStore>;
  close(): Promise<void>;
}

export async function openPlace(backend: 'redis' | 'postgres'): Promise<Place> {
  const parts = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(tmpdir(), 'armoricore-bench-'));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = await startPostgres({ dataDir: path.join(dir, 'postgres') });
  parts.defer(() => postgres.stop());
  await migrateDatabase(postgres.url);
  const redis = backend === 'redis' ? await startRedis() : undefined;
  if (redis !== undefined) parts.defer(() => redis.stop());
  const database = openDatabase(postgres.url, { max: 20, log: silentLog });
  parts.defer(() => database.stop());
  const bury = createBury(database.db, {} as Storage); // Nothing large is buried here.
  const bus = await openBus({ BUS_URL: undefined, BUS_NAMESPACE: 'bench' }, { database, bury, log: silentLog });
  parts.defer(() => bus.close());
  return {
    databaseUrl: postgres.url,
    database,
    bus,
    bury,
    scratchDir: path.join(dir, 'scratch'),
    openQueues: () => openQueues({ redisUrl: redis?.url, databaseUrl: postgres.url, workers: 1, log: silentLog }),
    close: () => parts.disposeAsync(),
  };
}
