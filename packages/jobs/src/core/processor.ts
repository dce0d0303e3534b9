import { DelayedError, UnrecoverableError, type Job as QueuedJob } from 'bullmq';
import { AppError, describeError, toAppError, type Log } from '@armoricore/shared/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, runLimited } from './attempt.ts';
import type { AnyJob } from './define-job.ts';
import type { JobData } from './queues.ts';
import type { Scratch } from './scratch.ts';
import type { Settler } from './settle.ts';

/** A job whose workers died this often takes them down with it, so it is not tried again. */
const MAX_CRASHES = 5;
/** Tries to write an outcome, and the wait between them in ms. */
const SETTLE_TRIES = 5;
const SETTLE_WAIT_MS = 1_000;
/** How long a job rests that cannot be handled here now, in ms. */
const REST_MS = 30_000;

type Queued = QueuedJob<JobData, void>;

export interface Processor {
  /** What a BullMQ worker calls for each job that it takes. */
  process: (queued: Queued, token?: string) => Promise<void>;
  /** These jobs were given to another worker: their runs here end without an outcome. */
  lost(jobIds: readonly string[]): void;
  /** Ends those of the running jobs for which `isCancelled` tells so. */
  checkCancelled(jobIds: readonly string[], isCancelled: (jobId: string) => Promise<boolean>): void;
}

export interface ProcessorOptions {
  byName: ReadonlyMap<string, AnyJob>;
  settler: Settler;
  scratch: Scratch;
  log: Log;
  /** Aborts with `Interrupted` when running jobs have to leave this process. */
  stopping: AbortSignal;
}

/** Brings one try of a job to its end: an outcome, another try later (a throw that BullMQ counts), or giving the job back. */
export function createProcessor({ byName, settler, scratch, log, stopping }: ProcessorOptions): Processor {
  const running = new Map<string, AbortController>();

  async function process(queued: Queued, token?: string): Promise<void> {
    const jobId = queued.id ?? '';
    const job = byName.get(queued.name);
    if (job === undefined) {
      // Another version of the program may know it.
      const why = `there is no job ${queued.name} here; there are ${[...byName.keys()].join(', ')}`;
      return await giveBack(queued, token, { why, restMs: REST_MS, log });
    }
    const attempt = queued.attemptsMade + 1;
    const jobLog = log.child({ job: queued.name, job_id: jobId, attempt });
    const settled = { jobId, input: queued.data.input, attempts: attempt };
    const control = new AbortController();
    running.set(jobId, control);
    try {
      const result = await runOnce(job, queued, control.signal, jobLog);
      await persist(() => settler.done(job, settled, result), control.signal, jobLog);
      jobLog.info('job done');
    } catch (thrown) {
      if (thrown instanceof Interrupted) return await giveBack(queued, token, { why: thrown.message, restMs: 0, log: jobLog });
      const error = toAppError(thrown);
      jobLog.warn({ code: error.code, reason: describeError(error) }, 'job try failed');
      if (error.retryable && attempt < job.contract.attempts && !crashedTooOften(queued)) throw error;
      try {
        await persist(() => settler.failed(job, settled, error), control.signal, jobLog);
      } catch (lateThrown) {
        return await giveBack(queued, token, { why: describeError(lateThrown), restMs: REST_MS, log: jobLog });
      }
      throw new UnrecoverableError(`${error.code}: ${error.message}`);
    } finally {
      if (running.get(jobId) === control) running.delete(jobId);
    }
  }

  async function runOnce(job: AnyJob, queued: Queued, signal: AbortSignal, jobLog: Log): Promise<unknown> {
    if (queued.data.cancelled) throw new AppError('job_cancelled');
    if (crashedTooOften(queued)) throw new Error(`${queued.stalledCounter} workers died with this job`);
    return await scratch.within((scratchDir) =>
      runLimited(
        (limited) =>
          job.run(queued.data.input, {
            jobId: queued.id ?? '',
            attempt: queued.attemptsMade + 1,
            signal: limited,
            progress: (percent) => queued.updateProgress(percent),
            log: jobLog,
            scratchDir,
          }),
        { timeLimitMs: job.timeLimitMs, signals: [signal, stopping] },
      ),
    );
  }

  return {
    process,
    lost(jobIds) {
      for (const id of jobIds) running.get(id)?.abort(new Interrupted('another worker took the job'));
    },
    checkCancelled(jobIds, isCancelled) {
      for (const id of jobIds) {
        isCancelled(id).then(
          (cancelled) => cancelled && running.get(id)?.abort(new AppError('job_cancelled')),
          (error: unknown) => log.warn({ job_id: id, reason: describeError(error) }, 'could not ask whether the job is cancelled'),
        );
      }
    },
  };
}

function crashedTooOften(queued: Queued): boolean {
  return queued.stalledCounter >= MAX_CRASHES;
}

/**
 * Writes an outcome. A database that is away for a moment must not cost the work of hours, so it is tried again.
 * A refusal (an AppError that is not retryable) is thrown at once.
 */
async function persist(write: () => Promise<boolean>, lost: AbortSignal, log: Log): Promise<void> {
  for (let tries = 1; ; tries++) {
    if (lost.reason instanceof Interrupted) throw lost.reason;
    try {
      if (!(await write())) log.info('the job had its outcome before');
      return;
    } catch (error) {
      if (tries === SETTLE_TRIES || (error instanceof AppError && !error.retryable)) throw error;
      log.warn({ reason: describeError(error) }, 'the outcome could not be written yet');
    }
    await sleep(SETTLE_WAIT_MS);
  }
}

/**
 * Returns a job to its queue without counting the try, to be taken after `restMs`. When even that fails the job stays
 * locked, and is taken up again when the lock has ended.
 */
async function giveBack(
  queued: Queued,
  token: string | undefined,
  { why, restMs, log }: { why: string; restMs: number; log: Log },
): Promise<never> {
  log.warn({ reason: why }, 'job given back');
  try {
    await queued.moveToDelayed(Date.now() + restMs, token);
  } catch (error) {
    log.warn({ reason: describeError(error) }, 'the job could not be given back; it begins anew when its lock ends');
  }
  throw new DelayedError();
}
