import { mediaTranscode } from '@armoricore/shared/jobs';
import { newId, silentLog } from '@armoricore/shared/kernel';
import type { JobProcessor } from '@armoricore/shared/queues';
import { createFarm, defineJob } from '../../packages/jobs/src/core/index.ts';
import type { Place } from './place.ts';

/** Enqueues under way at a time. */
const PRODUCERS = 64;

/** A queue and a worker that are ready. */
export interface Run {
  /** Enqueues `count` jobs and waits until all are done. */
  through(count: number): Promise<void>;
  stop(): Promise<void>;
}

export type Contestant = 'bare BullMQ' | 'BullMQ + a write' | 'the farm';

export interface Load {
  concurrency: number;
  /** What each job computes, in ms. */
  workMs: number;
}

export const CONTESTANTS: Record<Contestant, (place: Place, load: Load) => Promise<Run>> = {
  'bare BullMQ': (place, load) => bare(place, load, async () => compute(load.workMs)),
  /** What a job costs at least when its outcome is to be durable: one row, committed by itself. */
  'BullMQ + a write': async (place, load) => {
    const { pool } = place.database;
    await pool.query('CREATE TABLE IF NOT EXISTS bench_outcomes (job_id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())');
    return bare(place, load, async ({ id }) => {
      compute(load.workMs);
      await pool.query('INSERT INTO bench_outcomes (job_id) VALUES ($1)', [id]);
    });
  },
  'the farm': farm,
};

function compute(ms: number): void {
  const until = performance.now() + ms;
  while (ms > 0 && performance.now() < until);
}

const inputOf = (mediaId: string) => ({ media_id: mediaId, user_id: 'u1', file_path: 'file:///x', metadata: {} });

async function bare(place: Place, { concurrency }: Load, process: JobProcessor): Promise<Run> {
  const queues = await place.openQueues();
  const counter = createCounter();
  const worker = queues.worker('media', process, { concurrency, lockMs: 15_000, backoff: () => 0 });
  worker.on('completed', counter.add);
  const queue = queues.queue('media');
  return {
    async through(count) {
      const done = counter.reach(count);
      await produce(count, (id) => queue.add('noop', { input: inputOf(id) }, { jobId: id, attempts: 4 }));
      await done;
    },
    async stop() {
      await worker.close();
      await queues.close();
    },
  };
}

async function farm(place: Place, { concurrency, workMs }: Load): Promise<Run> {
  const { database, ...services } = place;
  const queues = await place.openQueues();
  const counter = createCounter();
  const job = defineJob(mediaTranscode, {
    timeLimitMs: 60_000,
    source: 'media-worker',
    run: async () => compute(workMs),
    async done(_tx, { media_id, user_id }) {
      const nothing = { thumbnail_urls: [], storyboard: null, captions: [], duration_ms: 1, renditions: [], metadata: {} };
      return { media_id, user_id, playback_urls: { hls: 'https://example.test/master.m3u8' }, ...nothing };
    },
    failed: async (_tx, { media_id, user_id }, error) => ({ media_id, user_id, reason: error.code, message: error.message }),
  });
  const created = createFarm({
    ...services,
    jobs: [job],
    queues,
    db: database.db,
    log: silentLog,
    limits: { media: { concurrency } },
    stopWithinMs: 10_000,
    observe: ({ outcome }) => {
      if (outcome === 'done') counter.add();
    },
  });
  await created.start();
  return {
    async through(count) {
      const done = counter.reach(count);
      await produce(count, (id) => created.enqueue(mediaTranscode, inputOf(id), id));
      await done;
    },
    async stop() {
      await created.stop();
      await queues.close();
    },
  };
}

async function produce(count: number, enqueue: (id: string) => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await enqueue(newId());
  };
  await Promise.all(Array.from({ length: PRODUCERS }, lane));
}

function createCounter(): { add: () => void; reach(count: number): Promise<void> } {
  let seen = 0;
  let wanted = Infinity;
  const reached = Promise.withResolvers<void>();
  return {
    add() {
      seen += 1;
      if (seen >= wanted) reached.resolve();
    },
    reach(count) {
      wanted = count;
      if (seen >= wanted) reached.resolve();
      return reached.promise;
    },
  };
}
