import type { JobOccurrence, ObserveJobs } from '@armoricore/shared/jobs';
import { AppError, describeError, toAppError, type Log } from '@armoricore/shared/kernel';
import { UnrecoverableError, type QueuedJob } from '@armoricore/shared/queues';
import { Interrupted, runLimited } from './attempt.ts';
import type { AnyJob } from './define-job.ts';
import type { AnyPart, PartContext } from './define-part.ts';
import { giveBack, persist } from './hand-back.ts';
import { loadFailure, saveFailure } from './hand-out.ts';
import { keyOf, type JobRecords } from './records.ts';
import { crashedTooOften, failureReason, isTriedAgain } from './retries.ts';
import type { Scratch } from './scratch.ts';

/** How long a part rests that cannot be handled here now, in ms. */
const REST_MS = 30_000;

export interface PartProcessor {
  /** The part of a name, if this process knows it. */
  find(name: string): AnyPart | undefined;
  /** Brings one try of a part to its end. */
  process(part: AnyPart, queued: QueuedJob, token: string | undefined): Promise<void>;
  /** Aborts a part here. */
  abort(partId: string, reason: Error): void;
  /** Aborts the parts here of a job. */
  abortPartsOf(jobId: string, reason: Error): void;
}

export interface PartProcessorOptions {
  parts: readonly AnyPart[];
  byName: ReadonlyMap<string, AnyJob>;
  records: JobRecords;
  scratch: Scratch;
  log: Log;
  observe?: ObserveJobs | undefined;
  isCancelled: (jobId: string) => boolean;
  /** Aborts with `Interrupted` when what runs has to leave this process. */
  stopping: AbortSignal;
}

/**
 * Does parts of jobs. A part has no outcome of its own: the first that fails for good leaves its reason with the job. Parts of a
 * job that has ended, or that will fail, end without a run.
 */
export function createPartProcessor(options: PartProcessorOptions): PartProcessor {
  const { parts, byName, records, scratch, log, observe, isCancelled, stopping } = options;
  const known = new Map(parts.map((part) => [part.contract.name, part]));
  const held = new Map<AbortController, { partId: string; jobId: string }>();
  stopping.addEventListener('abort', () => {
    for (const control of held.keys()) control.abort(stopping.reason);
  });

  function abortWhere(isMeant: (one: { partId: string; jobId: string }) => boolean, reason: Error): void {
    for (const [control, one] of held) if (isMeant(one)) control.abort(reason);
  }

  async function process(part: AnyPart, queued: QueuedJob, token: string | undefined): Promise<void> {
    const jobId = queued.parent?.id ?? '';
    const owner = byName.get(part.contract.partOf);
    if (owner === undefined) return await giveBack(queued, token, { why: `there is no job ${part.contract.partOf} here`, restMs: REST_MS, log });
    const key = keyOf(owner.contract, jobId);
    const partLog = log.child({ job: queued.name, job_id: jobId, part: queued.id });
    const control = new AbortController();
    held.set(control, { partId: queued.id ?? '', jobId });
    const begun = performance.now();
    const tell = (outcome: JobOccurrence['outcome']): void =>
      observe?.({ queue: part.contract.queue, job: queued.name, outcome, ms: performance.now() - begun });
    const release = (why: string, restMs: number): Promise<never> => {
      tell('released');
      return giveBack(queued, token, { why, restMs, log: partLog });
    };
    try {
      if (await isNeedless(owner, jobId)) return;
      await run(part, queued, { key, jobId, control, log: partLog });
      tell('done');
    } catch (thrown) {
      if (thrown instanceof Interrupted) return await release(thrown.message, 0);
      const error = toAppError(thrown);
      if (error.code === 'job_cancelled') return tell('cancelled');
      partLog.warn({ code: error.code, reason: describeError(error) }, 'try of a part failed');
      if (isTriedAgain(error, queued, { attempt: queued.attemptsMade + 1, attempts: part.contract.attempts })) {
        tell('retried');
        throw new Error(failureReason(error), { cause: error });
      }
      try {
        await persist(() => saveFailure(records, key, error).then(() => true), { lost: control.signal, log: partLog });
      } catch (lateThrown) {
        return await release(describeError(lateThrown), REST_MS);
      }
      tell('failed');
      throw new UnrecoverableError(failureReason(error));
    } finally {
      held.delete(control);
    }
  }

  async function isNeedless(owner: AnyJob, jobId: string): Promise<boolean> {
    if (isCancelled(jobId) || (await records.outcomeOf(owner.contract, jobId)) !== undefined) return true;
    return (await loadFailure(records, keyOf(owner.contract, jobId))) !== undefined;
  }

  function run(part: AnyPart, queued: QueuedJob, one: { key: string; jobId: string; control: AbortController; log: Log }): Promise<void> {
    const { key, jobId, control } = one;
    if (isCancelled(jobId)) throw new AppError('job_cancelled');
    if (crashedTooOften(queued)) throw new Error(`${queued.stalledCounter} workers died with this part`);
    stopping.throwIfAborted();
    if (!('input' in queued.data)) throw new Error('the part has no input');
    const { input } = queued.data;
    return scratch.within((dir) => {
      const context: PartContext = {
        jobId,
        signal: control.signal,
        report: (done) => records.reportPart(key, queued.id ?? '', done),
        log: one.log,
        get scratchDir() {
          return dir();
        },
      };
      return runLimited(() => part.run(input, context), { timeLimitMs: part.timeLimitMs, control });
    });
  }

  return {
    find: (name) => known.get(name),
    process,
    abort: (partId, reason) => abortWhere((one) => one.partId === partId, reason),
    abortPartsOf: (jobId, reason) => abortWhere((one) => one.jobId === jobId, reason),
  };
}
