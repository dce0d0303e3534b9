import type { Job, Processor, Queue, Worker } from 'bullmq';
import type { QueueName } from '../jobs/index.ts';

/** What a queue holds of a job: its input, or that the input is kept in the table `job_inputs`; and whether it was cancelled. */
export type JobData = ({ input: unknown } | { stored: true }) & { cancelled?: true };

export type JobQueue = Queue<JobData, void>;
export type JobWorker = Worker<JobData, void>;
export type QueuedJob = Job<JobData, void>;
export type JobProcessor = Processor<JobData, void>;

export const COUNTED_STATES = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const;
export type JobCounts = Record<(typeof COUNTED_STATES)[number], number>;

export interface WorkerSettings {
  /** Jobs at once. */
  concurrency: number;
  /** Most jobs that all workers of the queue together begin in a second; no limit when not set. */
  perSecond?: number | undefined;
  /** How long a job stays with a worker that gives no sign of life, in ms. */
  lockMs: number;
  /** The wait before the next try, in ms. `failedTries` counts from 1. */
  backoff: (failedTries: number, jobName: string) => number;
}

/**
 * The queues of the job farm, on Redis or on PostgreSQL; the same promises on both. A call rejects within some seconds when
 * the service behind it does not answer.
 */
export interface QueueStore {
  readonly backend: 'redis' | 'postgres';
  queue(name: QueueName): JobQueue;
  /** Starts a worker that holds jobs until it is closed; the caller closes it before the store. */
  worker(name: QueueName, process: JobProcessor, settings: WorkerSettings): JobWorker;
  /** Jobs by state. Those of a paused queue count as waiting. */
  counts(name: QueueName): Promise<JobCounts>;
  /** Age of the job that is next to be taken, in ms since it was enqueued; null when none waits. */
  oldestWaitingMs(name: QueueName): Promise<number | null>;
  ping(): Promise<void>;
  /** Closes queues and connections. */
  close(): Promise<void>;
}
