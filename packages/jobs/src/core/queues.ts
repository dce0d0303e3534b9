import {
  createPostgresBackend,
  Queue,
  runMigrations,
  Worker,
  type JobProgress,
  type PgPool,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  type Processor,
} from 'bullmq';
import pg from 'pg';
import type { QueueName } from '@armoricore/shared/jobs';
import { describeError, type Log } from '@armoricore/shared/kernel';

const SCHEMA = 'bullmq';
/** Connections for queries; each worker holds one more, to listen. */
const QUERY_CONNECTIONS = 4;
/** Finished jobs are kept so long: for operators, and to know an event that comes again. */
const KEEP_DONE = { age: 7 * 24 * 3600, count: 10_000 };
const KEEP_FAILED = { age: 30 * 24 * 3600, count: 10_000 };

/** What is stored with a job. */
export interface JobData {
  input: unknown;
  cancelled?: true;
}

export type FarmQueue = Queue<JobData, void, string, JobData, void, string, PostgresQueueBackend, PostgresConnectionOptions>;
export type FarmWorker = Worker<JobData, void, string, PostgresQueueBackend, JobProgress, PostgresConnectionOptions>;

export interface WorkerSettings {
  concurrency: number;
  /** How long a job stays with a worker that gives no sign of life, in ms. */
  lockMs: number;
  backoff: (failedTries: number, jobName: string) => number;
}

export interface QueueStore {
  open(): Promise<void>;
  queue(name: QueueName): FarmQueue;
  worker(name: QueueName, process: Processor<JobData, void>, settings: WorkerSettings): FarmWorker;
  ping(): Promise<void>;
  /** Closes the queues and connections; the workers are closed before. */
  close(): Promise<void>;
}

/** BullMQ's queues in the schema `bullmq` of a PostgreSQL database, over one pool of bounded size. */
export function createQueueStore(databaseUrl: string, { workers, log }: { workers: number; log: Log }): QueueStore {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: QUERY_CONNECTIONS + workers,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    options: `-c search_path=${SCHEMA}`,
  });
  const connection = pool as unknown as PgPool; // The same class under BullMQ's own, narrower description of it.
  const queues = new Map<QueueName, FarmQueue>();
  const onError = (error: Error): void => log.warn({ reason: describeError(error) }, 'queue error');
  pool.on('error', onError);

  return {
    async open() {
      const client = await pool.connect();
      try {
        await runMigrations(client, SCHEMA);
      } finally {
        client.release();
      }
    },
    queue(name) {
      let queue = queues.get(name);
      if (queue === undefined) {
        const defaultJobOptions = { removeOnComplete: KEEP_DONE, removeOnFail: KEEP_FAILED, backoff: { type: 'contract' } };
        const options = { connection, defaultJobOptions, streams: { events: { maxLen: 1_000 } } };
        queue = new Queue(name, options, createPostgresBackend) as FarmQueue;
        queue.on('error', onError);
        queues.set(name, queue);
      }
      return queue;
    },
    worker(name, process, { concurrency, lockMs, backoff }) {
      const worker: FarmWorker = new Worker(
        name,
        process,
        {
          connection,
          concurrency,
          lockDuration: lockMs,
          stalledInterval: Math.ceil(lockMs / 3),
          // The farm counts for itself, so that such a job ends as any other does.
          maxStalledCount: 2 ** 31 - 1,
          runRetryDelay: 1_000,
          settings: { backoffStrategy: (failedTries, _type, _error, job) => backoff(failedTries, job?.name ?? '') },
        },
        createPostgresBackend,
      );
      worker.on('error', onError);
      return worker;
    },
    async ping() {
      await pool.query('SELECT 1');
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      await pool.end();
    },
  };
}
