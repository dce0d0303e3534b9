import { openBus } from '@armoricore/shared/bus';
import { busConfig, databaseConfig, mediaConfig, processConfig, storageConfig, type ConfigOf } from '@armoricore/shared/config';
import { migrateDatabase, openDatabase } from '@armoricore/shared/db';
import type { Log, Service } from '@armoricore/shared/kernel';
import { openStorage } from '@armoricore/shared/storage';
import { createTriggerBridge } from './bridge/triggers.ts';
import { createFarm } from './core/index.ts';
import { createMediaJob } from './media/job.ts';

/** What the jobs process reads from its environment. */
export const jobsConfig = {
  process: processConfig,
  database: databaseConfig,
  bus: busConfig,
  storage: storageConfig,
  media: mediaConfig,
};
export type JobsConfig = ConfigOf<typeof jobsConfig>;

/** The composition root of the jobs process: its services, in the order of their start. Brings the database to its newest schema. */
export async function createApp(config: JobsConfig, log: Log): Promise<Service[]> {
  const { DATABASE_URL, DATABASE_POOL } = config.database;
  await migrateDatabase(DATABASE_URL);
  const database = openDatabase(DATABASE_URL, { max: DATABASE_POOL, log });
  const bus = await openBus(config.bus, { database, log });
  const storage = await openStorage(config.storage);
  const jobs = [
    createMediaJob({
      db: database.db,
      bus,
      storage,
      preset: config.media.MEDIA_PRESET,
      maxDurationS: config.media.MEDIA_MAX_DURATION_S,
      maxBytes: config.media.MEDIA_MAX_UPLOAD_BYTES,
      timeLimitMs: config.media.MEDIA_TIME_LIMIT_S * 1000,
    }),
  ];
  const farm = createFarm({
    jobs,
    databaseUrl: DATABASE_URL,
    db: database.db,
    bus,
    log,
    concurrency: { media: config.media.MEDIA_CONCURRENCY },
    scratchDir: config.media.SCRATCH_DIR,
    stopWithinMs: config.process.STOP_GRACE_MS,
  });
  return [
    database,
    { name: 'bus', ready: () => bus.ready(), stop: () => bus.close() },
    { name: 'storage', ready: () => storage.ready() },
    farm,
    createTriggerBridge({ bus, farm, jobs }),
  ];
}
