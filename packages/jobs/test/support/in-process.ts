import { openDatabase } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { openQueues } from '@armoricore/shared/queues';
import { openTestBus, testBury } from '../../../../test/support/bus.ts';
import { createFarm, type AnyJob } from '../../src/core/index.ts';
import type { FarmPlace } from './farm.ts';

/** Starts a farm in a process of its own, at the place that the test named. */
export async function startFarmHere(jobs: AnyJob[], options: { stopWithinMs: number; lockMs: number }): Promise<void> {
  const place = JSON.parse(process.argv[2] ?? '{}') as FarmPlace;
  const { databaseUrl, scratchDir } = place;
  const database = openDatabase(databaseUrl, { max: 3, log: silentLog });
  const { db } = database;
  const bus = await openTestBus(database);
  const queues = await openQueues({ ...place, workers: 1, log: silentLog });
  const farm = createFarm({ jobs, queues, db, databaseUrl, bus, bury: testBury(db), log: silentLog, scratchDir, ...options });
  process.once('SIGTERM', () => void farm.stop().then(() => process.exit(0)));
  await farm.start();
}
