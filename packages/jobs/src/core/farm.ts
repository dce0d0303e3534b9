import type { Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import { issuesOf } from '@armoricore/shared/events';
import type { JobContract, QueueName } from '@armoricore/shared/jobs';
import { AppError, fullJitter, withDeadline, type Log, type Service } from '@armoricore/shared/kernel';
import { Interrupted } from './attempt.ts';
import type { AnyJob } from './define-job.ts';
import { createQueueStore, type FarmWorker, type JobData } from './queues.ts';
import { createProcessor } from './processor.ts';
import { createScratch } from './scratch.ts';
import { createSettler } from './settle.ts';

export interface FarmOptions {
  jobs: readonly AnyJob[];
  /** The database of the queues. */
  databaseUrl: string;
  /** The database of the outcomes, and a bus that can publish in its transactions. */
  db: Database;
  bus: Bus;
  log: Log;
  /** Jobs of each queue that this process runs at once; 1 where a queue is not named. */
  concurrency?: Partial<Record<QueueName, number>>;
  /** Folder for the working files of runs. */
  scratchDir: string;
  /**
   * How long `stop` may take, in ms. Running jobs may end during the first half; those left are then aborted and handed to
   * the next process.
   */
  stopWithinMs: number;
  /** How long a job stays with a worker that gives no sign of life, in ms; default 15,000. */
  lockMs?: number;
}

export interface Farm extends Service {
  start(): Promise<void>;
  ready(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Puts a job in its queue; again with the same event id does nothing.
   * @throws AppError `invalid_payload`
   */
  enqueue<Input>(contract: JobContract<string, Input>, input: Input, eventId: string): Promise<void>;
  /**
   * Ends a job that has no outcome yet with `job_cancelled`, wherever it waits or runs. A running job is told when
   * its worker next renews its lock (half of `lockMs`), on whatever machine it is.
   * @throws AppError `not_found`
   */
  cancel(contract: JobContract, eventId: string): Promise<void>;
}

/**
 * The job farm: queues on PostgreSQL, and one worker for each queue that a job names. A job is tried until it has
 * its outcome: `done` or `failed`, told by exactly one event. A worker that dies loses nothing: after `lockMs` and a little
 * more another one, or its successor, begins the job anew.
 */
export function createFarm(options: FarmOptions): Farm {
  const { jobs, databaseUrl, db, bus, log, concurrency = {}, scratchDir, stopWithinMs, lockMs = 15_000 } = options;
  if (!bus.transactional) {
    throw new Error('createFarm got a bus that takes no transaction; needed: the Postgres bus in the database of the outcomes');
  }
  const byName = new Map(jobs.map((job) => [job.contract.name, job]));
  const queueNames = [...new Set(jobs.map((job) => job.contract.queue))];
  const store = createQueueStore(databaseUrl, { workers: queueNames.length, log });
  const scratch = createScratch(scratchDir);
  const stopping = new AbortController();
  const workers: FarmWorker[] = [];
  let stopped: Promise<void> | undefined;

  function startWorker(name: QueueName): void {
    const processor = createProcessor({ byName, settler: createSettler(db, bus), scratch, log, stopping: stopping.signal });
    const worker = store.worker(name, processor.process, {
      concurrency: concurrency[name] ?? 1,
      lockMs,
      backoff: (failedTries, jobName) => {
        const job = byName.get(jobName);
        return job === undefined ? 0 : fullJitter(job.contract.backoff, failedTries);
      },
    });
    worker.on('lockRenewalFailed', (ids) => processor.lost(ids));
    worker.on('locksRenewed', ({ jobIds }) => {
      processor.checkCancelled(jobIds, async (id) => (await store.queue(name).getJob(id))?.data.cancelled === true);
    });
    workers.push(worker);
  }

  /** No new jobs; the running ones may end, are aborted after half the time, and are then given back by their processor. */
  async function stop(): Promise<void> {
    const idle = Promise.all(workers.map((worker) => worker.pause()));
    const timer = setTimeout(() => stopping.abort(new Interrupted('the process stops')), stopWithinMs / 2);
    try {
      await withDeadline(idle, stopWithinMs * 0.9, 'running jobs did not end; they begin anew when their lock ends');
    } finally {
      clearTimeout(timer);
      await Promise.all(workers.map((worker) => worker.close(true)));
      await store.close();
    }
  }

  return {
    name: 'farm',
    async start() {
      await scratch.sweep();
      await store.open();
      queueNames.forEach(startWorker);
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    },
    ready: () => store.ping(),
    stop: () => (stopped ??= stop()),
    async enqueue(contract, input, eventId) {
      const checked = contract.input.safeParse(input);
      if (!checked.success) throw new AppError('invalid_payload', { issues: issuesOf(checked.error) });
      const data: JobData = { input: checked.data };
      await store.queue(contract.queue).add(contract.name, data, { jobId: eventId, attempts: contract.attempts });
    },
    async cancel(contract, eventId) {
      const queue = store.queue(contract.queue);
      const job = await queue.getJob(eventId);
      if (job === undefined) throw new AppError('not_found', { job_id: eventId });
      await job.updateData({ ...job.data, cancelled: true });
      if (await job.isDelayed()) await job.promote();
    },
  };
}
