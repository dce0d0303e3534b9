import type { JobOccurrence, ObserveJobs } from '@armoricore/shared/jobs';
import { AppError, describeError, toAppError, type Log } from '@armoricore/shared/kernel';
import { UnrecoverableError, type JobProcessor, type QueuedJob, type QueueStore } from '@armoricore/shared/queues';
import { Interrupted, Postponed, runLimited } from './attempt.ts';
import { cleanUp } from './clean-up.ts';
import type { AnyJob, JobContext } from './define-job.ts';
import { giveBack, persist } from './hand-back.ts';
import { AwaitsParts, handOut, PartFailed, restForParts } from './hand-out.ts';
import type { PartProcessor } from './part-processor.ts';
import { keyOf, type JobRecords } from './records.ts';
import { checkpointsOf, hadOutcome, inputOf, type SeenCheckpoint } from './resume.ts';
import { crashedTooOften, failureReason, isTriedAgain } from './retries.ts';
import type { Scratch } from './scratch.ts';
import type { Settler } from './settle.ts';

/** How long a job rests that cannot be handled here now, in ms. */
const REST_MS = 30_000;

export interface Processor {
  /** What a BullMQ worker calls for each job that it takes. */
  process: JobProcessor;
  /** Aborts the run of a job here. False when it is not here. */
  abort(jobId: string, reason: Error): boolean;
}

export interface ProcessorOptions {
  byName: ReadonlyMap<string, AnyJob>;
  parts: PartProcessor;
  queues: QueueStore;
  records: JobRecords;
  settler: Settler;
  scratch: Scratch;
  log: Log;
  observe?: ObserveJobs | undefined;
  /** Whether somebody asked for the end of a job. */
  isCancelled: (jobId: string) => boolean;
  /** Aborts with `Interrupted` when running jobs have to leave this process. */
  stopping: AbortSignal;
}

/** One try of a job. */
interface Try {
  job: AnyJob;
  queued: QueuedJob;
  jobId: string;
  /** From 1. */
  attempt: number;
  input: unknown;
  checkpoint: SeenCheckpoint;
  /** Is aborted when the job is cancelled, when another worker has it, and when this process stops. */
  control: AbortController;
  log: Log;
}

/** Brings one try of a job to its end: an outcome, another try later (a throw that BullMQ counts), or giving the job back. */
export function createProcessor(options: ProcessorOptions): Processor {
  const { byName, parts, queues, records, settler, scratch, log, observe, isCancelled, stopping } = options;
  /** The jobs here, from taking to letting go; and those of them whose work is being done. */
  const held = new Map<string, AbortController>();
  const running = new Set<AbortController>();
  stopping.addEventListener('abort', () => {
    for (const control of running) control.abort(stopping.reason);
  });

  const process: JobProcessor = async (queued, token) => {
    const jobId = queued.id ?? '';
    const part = parts.find(queued.name);
    if (part !== undefined) return await parts.process(part, queued, token);
    const job = byName.get(queued.name);
    if (job === undefined) {
      // Another version of the program may know it.
      const why = `there is no job ${queued.name} here; there are ${[...byName.keys()].join(', ')}`;
      return await giveBack(queued, token, { why, restMs: REST_MS, log });
    }
    const attempt = queued.attemptsMade + 1;
    const jobLog = log.child({ job: queued.name, job_id: jobId, attempt });
    const control = new AbortController();
    held.set(jobId, control);
    try {
      let input: unknown;
      try {
        if (await hadOutcome(records, job, queued)) return await cleanUpAfter(job, queued);
        input = await inputOf(records, job, queued);
      } catch (error) {
        if (error instanceof UnrecoverableError) {
          await cleanUpAfter(job, queued);
          throw error;
        }
        return await giveBack(queued, token, { why: describeError(error), restMs: REST_MS, log: jobLog });
      }
      await tryOnce({ job, queued, jobId, attempt, input, checkpoint: checkpointsOf(records, job, queued), control, log: jobLog }, token);
    } finally {
      if (held.get(jobId) === control) held.delete(jobId);
    }
  };

  /** For a run that died between the outcome and its cleaning. Larger inputs went with the outcome. */
  async function cleanUpAfter(job: AnyJob, queued: QueuedJob): Promise<void> {
    if ('input' in queued.data) await cleanUp(job, queued.data.input, log);
  }

  async function tryOnce(one: Try, token: string | undefined): Promise<void> {
    const { job, queued, jobId, attempt, input, checkpoint, control } = one;
    const settled = { jobId, input, attempts: attempt };
    const settling = { lost: control.signal, log: one.log };
    const begun = performance.now();
    const tell = (outcome: JobOccurrence['outcome']): void =>
      observe?.({ queue: job.contract.queue, job: queued.name, outcome, ms: performance.now() - begun });
    const release = (why: string, restMs: number, level?: 'debug'): Promise<never> => {
      tell('released');
      return giveBack(queued, token, { why, restMs, log: one.log, ...(level && { level }) });
    };
    try {
      const result = await run(one);
      const traceless = queued.attemptsStarted === 1 && 'input' in queued.data && !checkpoint.exist() && !isCancelled(jobId);
      const first = await persist(() => settler.done(job, { ...settled, traceless }, result), settling);
      if (first) tell('done');
      await cleanUp(job, input, one.log);
      one.log.info(first ? 'job done' : 'the job had its outcome before');
    } catch (thrown) {
      if (thrown instanceof AwaitsParts) await restForParts(queued, token, one.log);
      if (thrown instanceof Postponed) return await release(thrown.message, thrown.restMs, 'debug');
      if (thrown instanceof Interrupted) return await release(thrown.message, 0);
      const isFinal = thrown instanceof PartFailed;
      const error = isFinal ? thrown.reason : toAppError(thrown);
      one.log.warn({ code: error.code, reason: describeError(error) }, 'job try failed');
      if (!isFinal && isTriedAgain(error, queued, { attempt, attempts: job.contract.attempts })) {
        tell('retried');
        throw new Error(failureReason(error), { cause: error });
      }
      try {
        const first = await persist(() => settler.failed(job, settled, error), settling);
        if (first) tell(error.code === 'job_cancelled' ? 'cancelled' : 'failed');
      } catch (lateThrown) {
        return await release(describeError(lateThrown), REST_MS);
      }
      await cleanUp(job, input, one.log);
      throw new UnrecoverableError(failureReason(error));
    }
  }

  async function run({ job, queued, jobId, attempt, input, checkpoint, control, log: jobLog }: Try): Promise<unknown> {
    if (queued.data.cancelled === true || isCancelled(jobId)) throw new AppError('job_cancelled');
    if (crashedTooOften(queued)) throw new Error(`${queued.stalledCounter} workers died with this job`);
    stopping.throwIfAborted();
    running.add(control);
    try {
      return await scratch.within((dir) => {
        const context: JobContext = {
          jobId,
          attempt,
          signal: control.signal,
          progress: (percent) => queued.updateProgress(percent),
          checkpoint,
          handOut(contract, toDo) {
            checkpoint.expect();
            return handOut({ queued, queue: queues.queue(contract.queue), records, key: keyOf(job.contract, jobId), control }, contract, toDo);
          },
          log: jobLog,
          get scratchDir() {
            return dir();
          },
        };
        return runLimited(() => job.run(input, context), { timeLimitMs: job.timeLimitMs, control });
      });
    } finally {
      running.delete(control);
    }
  }

  return {
    process,
    abort(jobId, reason) {
      const control = held.get(jobId);
      control?.abort(reason);
      return control !== undefined;
    },
  };
}
