import { z } from 'zod';
import { issuesOf } from '@armoricore/shared/events';
import type { PartContract } from '@armoricore/shared/jobs';
import { AppError, describeError, ERRORS, type ErrorCode, type Log } from '@armoricore/shared/kernel';
import { WaitingChildrenError, type JobQueue, type QueuedJob } from '@armoricore/shared/queues';
import { Interrupted } from './attempt.ts';
import type { PartToDo } from './define-job.ts';
import type { JobRecords } from './records.ts';

/** Parts of one job, at most. */
const MAX_PARTS = 1_000;
/** Step of a job's checkpoints: why a part of it failed for good. */
const FAILURE = 'part failed';

const failureSchema = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(ERRORS, code)),
  message: z.string(),
});

/** Ends the run of a job that goes on when its parts have ended. */
export class AwaitsParts extends Interrupted {}

/** A part failed for good, so that its job has failed too, whatever the class of the error. */
export class PartFailed extends Error {
  readonly reason: AppError;

  constructor(reason: AppError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

/** Notes why a part failed, for its job and its other parts. `key` is that of the job. */
export function saveFailure(records: JobRecords, key: string, { code, message }: AppError): Promise<void> {
  return records.saveCheckpoint(key, FAILURE, { code, message });
}

/** Why a part of the job failed; undefined when none did. */
export async function loadFailure(records: JobRecords, key: string): Promise<AppError | undefined> {
  const parsed = failureSchema.safeParse(await records.loadCheckpoint(key, FAILURE));
  return parsed.success ? new AppError(parsed.data.code, {}, { message: parsed.data.message }) : undefined;
}

export interface HandOut {
  queued: QueuedJob;
  queue: JobQueue;
  records: JobRecords;
  key: string;
  control: AbortController;
}

/**
 * Puts the parts of a running job into their queue, those that are not there yet, and ends the run while any is left to do.
 * @throws PartFailed, AwaitsParts; AppError `invalid_payload`
 */
export async function handOut(job: HandOut, contract: PartContract, parts: readonly PartToDo[]): Promise<void> {
  const { queued, queue, records, key, control } = job;
  if (parts.length > MAX_PARTS) throw new RangeError(`a job may have ${MAX_PARTS} parts, not ${parts.length}`);
  await refuseFailed(records, key);
  for (const { name, input } of parts) {
    control.signal.throwIfAborted();
    const checked = contract.input.safeParse(input);
    if (!checked.success) throw new AppError('invalid_payload', { issues: issuesOf(checked.error) });
    const jobId = `${queued.id}.${name}`;
    // One that has ended must not be added again: the queue would wait for it for ever.
    if ((await queue.getJob(jobId)) !== undefined) continue;
    const parent = { id: queued.id ?? '', queue: queued.queueQualifiedName };
    await queue.add(contract.name, { input: checked.data }, { jobId, attempts: contract.attempts, parent, ignoreDependencyOnFailure: true });
  }
  const { unprocessed = 0 } = await queued.getDependenciesCount({ unprocessed: true });
  if (unprocessed > 0) {
    control.abort(new AwaitsParts('its parts are being done'));
    throw control.signal.reason;
  }
  await refuseFailed(records, key);
}

async function refuseFailed(records: JobRecords, key: string): Promise<void> {
  const failure = await loadFailure(records, key);
  if (failure !== undefined) throw new PartFailed(failure);
}

/** Lets a job rest until all its parts have ended. Returns when that is so already. @throws WaitingChildrenError to tell the worker */
export async function restForParts(queued: QueuedJob, token: string | undefined, log: Log): Promise<void> {
  let rests = false;
  try {
    rests = await queued.moveToWaitingChildren(token ?? '');
  } catch (error) {
    log.warn({ reason: describeError(error) }, 'the job could not be laid by until its parts have ended');
  }
  if (rests) throw new WaitingChildrenError();
}
