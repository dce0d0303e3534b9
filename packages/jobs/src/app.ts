import { openBus } from '@armoricore/shared/bus';
import {
  busConfig,
  captionConfig,
  databaseConfig,
  httpConfig,
  mediaConfig,
  moderationConfig,
  notificationConfig,
  openaiConfig,
  opsConfig,
  processConfig,
  queueConfig,
  speechWorkerConfig,
  storageConfig,
  workerConfig,
  type ConfigOf,
} from '@armoricore/shared/config';
import { migrateDatabase, openDatabase } from '@armoricore/shared/db';
import { createBury } from '@armoricore/shared/dead-letters';
import { moderationCheck, notificationSend } from '@armoricore/shared/jobs';
import { createBreaker, type Log, type Service } from '@armoricore/shared/kernel';
import { createMetrics, createMetricsAccess, observeBus, observeJobs, watchBreakers } from '@armoricore/shared/ops';
import { openQueues } from '@armoricore/shared/queues';
import { openBucket, openStorage, withBreaker } from '@armoricore/shared/storage';
import { openCaptions } from './adapters/captions.ts';
import { openModeration } from './adapters/moderation.ts';
import { openNotifications } from './adapters/notifications.ts';
import { createTriggerBridge } from './bridge/triggers.ts';
import { createFarm, type AnyJob } from './core/index.ts';
import { createSources, type SourceOptions } from './media/fetch-source.ts';
import { createMediaJob } from './media/job.ts';
import { createMediaPart } from './media/parts/part.ts';
import { createOpsServer } from './ops/server.ts';

/** What the jobs process reads from its environment. */
export const jobsConfig = {
  process: processConfig,
  database: databaseConfig,
  bus: busConfig,
  storage: storageConfig,
  queue: queueConfig,
  worker: workerConfig,
  media: mediaConfig,
  captions: captionConfig,
  moderation: moderationConfig,
  notifications: notificationConfig,
  openai: openaiConfig,
  speechWorker: speechWorkerConfig,
  ops: { HOST: httpConfig.HOST, ...opsConfig },
};
export type JobsConfig = ConfigOf<typeof jobsConfig>;

/** The composition root of the jobs process: its services, in the order of their start. Brings the database to its newest schema. */
export async function createApp(config: JobsConfig, log: Log): Promise<Service[]> {
  const { DATABASE_URL, DATABASE_POOL } = config.database;
  await migrateDatabase(DATABASE_URL);
  const database = openDatabase(DATABASE_URL, { max: DATABASE_POOL, log });
  const storageBreaker = createBreaker('storage');
  const storage = withBreaker(await openStorage(config.storage), storageBreaker);
  const bury = createBury(database.db, storage);
  const metrics = createMetrics(config.process.NODE_NAME);
  const { openai, speechWorker } = config;
  const moderation = await openModeration({ config: config.moderation, openai, metrics });
  const bus = await openBus(config.bus, { database, bury, log, observe: observeBus(metrics) });
  const mediaOptions = {
    db: database.db,
    bus,
    storage,
    sources: createSources({ storage, ...sourceBuckets(config) }),
    maxBytes: config.media.MEDIA_MAX_UPLOAD_BYTES,
    maxScratchBytes: config.media.MEDIA_SCRATCH_BYTES,
    timeLimitMs: config.media.MEDIA_TIME_LIMIT_S * 1000,
  };
  const { db } = database;
  const captions = openCaptions({ db, bus, storage, config: config.captions, openai });
  const notifications = await openNotifications({
    db,
    config: config.notifications,
    development: config.process.NODE_ENV === 'development',
    secret: config.storage.SECRET_KEY_BASE,
    publicUrl: config.storage.PUBLIC_URL,
    metrics,
    log,
  });
  const breakers = [storageBreaker, captions.breaker, ...moderation.breakers, ...notifications.breakers];
  watchBreakers(metrics, breakers);
  const jobs: AnyJob[] = [
    ...captions.jobs,
    createMediaJob({
      ...mediaOptions,
      recipe: {
        preset: config.media.MEDIA_PRESET,
        segmentType: config.media.MEDIA_SEGMENT_TYPE,
        maxSide: config.media.MEDIA_MAX_HEIGHT,
        maxDurationS: config.media.MEDIA_MAX_DURATION_S,
        downloads: { video: config.media.MEDIA_MP4, audio: config.media.MEDIA_M4A },
      },
      partS: config.media.MEDIA_PART_S,
    }),
  ];
  const { REDIS_URL, QUEUE_PREFIX } = config.queue;
  const workers = new Set([...jobs, ...moderation.jobs, ...notifications.jobs].map((job) => job.contract.queue)).size;
  const queues = await openQueues({ redisUrl: REDIS_URL, databaseUrl: DATABASE_URL, prefix: QUEUE_PREFIX, workers, log });
  const { QUEUE_MEDIA_CONCURRENCY, QUEUE_MEDIA_PER_SECOND } = config.worker;
  const farm = createFarm({
    jobs: [...jobs, ...moderation.jobs, ...notifications.jobs],
    parts: [createMediaPart({ ...mediaOptions, maxDurationS: config.media.MEDIA_MAX_DURATION_S })],
    queues,
    db: database.db,
    databaseUrl: DATABASE_URL,
    bus,
    bury,
    log,
    observe: observeJobs(metrics),
    limits: {
      media: { concurrency: QUEUE_MEDIA_CONCURRENCY, perSecond: QUEUE_MEDIA_PER_SECOND },
      caption: { concurrency: speechWorker.QUEUE_CAPTION_CONCURRENCY },
      notification: { concurrency: config.notifications.QUEUE_NOTIFICATION_CONCURRENCY, perSecond: config.notifications.QUEUE_NOTIFICATION_PER_SECOND },
      moderation: { concurrency: speechWorker.QUEUE_MODERATION_CONCURRENCY, perSecond: speechWorker.QUEUE_MODERATION_PER_SECOND },
    },
    scratchDir: config.media.SCRATCH_DIR,
    stopWithinMs: config.process.STOP_GRACE_MS,
  });
  const services = [
    database,
    { name: 'bus', ready: () => bus.ready(), stop: () => bus.close() },
    { name: 'storage', ready: () => storage.ready() },
    { name: 'queues', ready: () => queues.ping(), stop: () => queues.close() },
    ...notifications.services,
    farm,
    createTriggerBridge({ bus, db, farm, jobs }),
    ...(moderation.jobs.length === 0 ? [] : [createTriggerBridge({ bus, db, farm, jobs: moderation.jobs, group: moderationCheck.group })]),
    createTriggerBridge({ bus, db, farm, jobs: notifications.jobs, group: notificationSend.group }),
    ...captions.services,
  ];
  const { HOST, JOBS_PORT, METRICS_TOKEN } = config.ops;
  const mayReadMetrics = createMetricsAccess(METRICS_TOKEN);
  return [createOpsServer({ host: HOST, port: JOBS_PORT, services, breakers, metrics, mayReadMetrics, log }), ...services];
}

/** The buckets that sources may be in. */
function sourceBuckets({ storage, media }: JobsConfig): Pick<SourceOptions, 'home' | 'openBucket' | 'buckets'> {
  const { S3_BUCKET, S3_PREFIX } = storage;
  return {
    home: S3_BUCKET === undefined ? undefined : { bucket: S3_BUCKET, prefix: S3_PREFIX === undefined ? '' : `${S3_PREFIX}/` },
    openBucket: (bucket) => openBucket(storage, bucket),
    buckets: media.S3_SOURCE_BUCKETS?.split(',') ?? [],
  };
}
