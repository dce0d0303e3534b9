import type { Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import type { Bury } from '@armoricore/shared/dead-letters';
import type { ObserveJobs, QueueName } from '@armoricore/shared/jobs';
import { AppError, describeError, fullJitter, withDeadline, type Log, type Service } from '@armoricore/shared/kernel';
import type { JobWorker, QueueStore } from '@armoricore/shared/queues';
import { Interrupted } from './attempt.ts';
import { createCancellations } from './cancellations.ts';
import { cancelWaiting } from './cancel-waiting.ts';
import type { AnyJob } from './define-job.ts';
import type { AnyPart } from './define-part.ts';
import { createEnqueue, type Enqueue } from './enqueue.ts';
import { createPartProcessor } from './part-processor.ts';
import { createProcessor } from './processor.ts';
import { createJobRecords } from './records.ts';
import { createScratch } from './scratch.ts';
import { createSettler } from './settle.ts';

const PRUNE_EVERY_MS = 3600 * 1000;

export interface QueueLimits {
  /** Jobs that this process runs at once. */
  concurrency: number;
  /** Most jobs that all processes together begin in a second. */
  perSecond?: number | undefined;
}

export interface FarmOptions {
  jobs: readonly AnyJob[];
  /** What these jobs hand out. */
  parts?: readonly AnyPart[];
  /** Closed by the caller, after the farm. */
  queues: QueueStore;
  /** The database of the outcomes, and a bus that can publish in its transactions. */
  db: Database;
  /** The same database, for the connection that listens. */
  databaseUrl: string;
  bus: Bus;
  bury: Bury;
  log: Log;
  observe?: ObserveJobs | undefined;
  /** One job at a time where a queue is not named. */
  limits?: Partial<Record<QueueName, QueueLimits>>;
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
  stop(): Promise<void>;
  enqueue: Enqueue;
}

/**
 * The job farm: one worker for each queue that a job names. A job is tried until it has its outcome: `done` or `failed`, told
 * by exactly one event. A worker that dies loses nothing: after `lockMs` and a little more another one, or its successor,
 * begins the job anew, from its checkpoints. `requestCancel` ends a job wherever it is.
 */
export function createFarm(options: FarmOptions): Farm {
  const { jobs, parts = [], queues, db, databaseUrl, bus, bury, log, observe, limits = {}, scratchDir, stopWithinMs, lockMs = 15_000 } = options;
  const byName = new Map(jobs.map((job) => [job.contract.name, job]));
  const queueNames = [...new Set([...jobs, ...parts].map(({ contract }) => contract.queue))];
  const records = createJobRecords(db);
  const concurrency = queueNames.reduce((sum, name) => sum + (limits[name]?.concurrency ?? 1), 0);
  const settler = createSettler({ db, bus, bury, records, concurrency });
  const scratch = createScratch(scratchDir);
  const stopping = new AbortController();
  const cancellations = createCancellations({ db, connectionString: databaseUrl, log, onRequest: cancel });
  const isCancelled = (jobId: string): boolean => cancellations.has(jobId);
  const partProcessor = createPartProcessor({ parts, byName, records, scratch, log, observe, isCancelled, stopping: stopping.signal });
  const backoffs = new Map([...jobs, ...parts].map(({ contract }) => [contract.name, contract.backoff]));
  const processors = new Map(
    queueNames.map((name) => [name, createProcessor({ byName, parts: partProcessor, queues, records, settler, scratch, log, observe, isCancelled, stopping: stopping.signal })]),
  );
  const workers: JobWorker[] = [];
  let pruneTimer: NodeJS.Timeout | undefined;
  let stopped: Promise<void> | undefined;

  /** Ends what the event `jobId` started, as far as this process can. */
  async function cancel(jobId: string): Promise<void> {
    let found = false;
    let ended = true;
    partProcessor.abortPartsOf(jobId, new AppError('job_cancelled'));
    for (const [name, processor] of processors) {
      if (processor.abort(jobId, new AppError('job_cancelled'))) {
        ended = false;
        continue;
      }
      const queued = await queues.queue(name).getJob(jobId);
      const job = byName.get(queued?.name ?? '');
      if (queued === undefined || job === undefined) continue;
      found = true;
      if (!(await cancelWaiting(job, queued, { settler, records, log }))) ended = false;
    }
    if (found && ended) await cancellations.clear(jobId);
  }

  function startWorker(name: QueueName): void {
    const processor = processors.get(name)!;
    const worker = queues.worker(name, processor.process, {
      concurrency: 1,
      ...limits[name],
      lockMs,
      backoff: (failedTries, jobName) => {
        const backoff = backoffs.get(jobName);
        return backoff === undefined ? 0 : fullJitter(backoff, failedTries);
      },
    });
    worker.on('lockRenewalFailed', (ids) => {
      const reason = new Interrupted('another worker took the job');
      for (const id of ids) {
        processor.abort(id, reason);
        partProcessor.abort(id, reason);
      }
    });
    workers.push(worker);
  }

  /** No new jobs; the running ones may end, are aborted after half the time, and are then given back by their processor. */
  async function stop(): Promise<void> {
    clearInterval(pruneTimer);
    const idle = Promise.all(workers.map((worker) => worker.pause()));
    const timer = setTimeout(() => stopping.abort(new Interrupted('the process stops')), stopWithinMs / 2);
    try {
      await withDeadline(idle, stopWithinMs * 0.9, 'running jobs did not end; they begin anew when their lock ends');
    } finally {
      clearTimeout(timer);
      await cancellations.stop();
      await Promise.all(workers.map((worker) => worker.close(true)));
    }
  }

  return {
    name: 'farm',
    async start() {
      await scratch.sweep();
      await cancellations.start();
      queueNames.forEach(startWorker);
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
      const prune = (): void => void records.prune().catch((error: unknown) => log.warn({ reason: describeError(error) }, 'old job records could not be removed'));
      pruneTimer = setInterval(prune, PRUNE_EVERY_MS).unref();
    },
    stop: () => (stopped ??= stop()),
    enqueue: createEnqueue({ queues, records }),
  };
}
