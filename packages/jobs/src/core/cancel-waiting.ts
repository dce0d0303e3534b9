import { AppError, describeError, type Log } from '@armoricore/shared/kernel';
import type { QueuedJob } from '@armoricore/shared/queues';
import type { AnyJob } from './define-job.ts';
import { cleanUp } from './clean-up.ts';
import { persist } from './hand-back.ts';
import { keyOf, type JobRecords } from './records.ts';
import type { Settler } from './settle.ts';

/**
 * Gives a job that waits in its queue the outcome `job_cancelled` without a run. It stays there, marked: the worker that takes
 * it finds that it has ended. The mark comes first, so that a worker that takes the job meanwhile does not run it.
 * True when nothing is left to end here; false when the job is being run, where its own process ends it.
 */
export async function cancelWaiting(
  job: AnyJob,
  queued: QueuedJob,
  { settler, records, log }: { settler: Settler; records: JobRecords; log: Log },
): Promise<boolean> {
  await queued.updateData({ ...queued.data, cancelled: true });
  const state = await queued.getState();
  if (state === 'active') return false;
  if (!['waiting', 'delayed', 'prioritized', 'waiting-children'].includes(state)) return true;

  const jobId = queued.id ?? '';
  const input = 'input' in queued.data ? queued.data.input : await records.loadInput(keyOf(job.contract, jobId));
  if (input === undefined) return true; // It went with an outcome.
  await persist(() => settler.failed(job, { jobId, input, attempts: queued.attemptsMade }, new AppError('job_cancelled')), { log });
  await cleanUp(job, input, log);
  if (state === 'delayed') {
    await queued.promote().catch((error: unknown) => log.debug({ job_id: jobId, reason: describeError(error) }, 'the job left its wait by itself'));
  }
  log.info({ job: queued.name, job_id: jobId }, 'job cancelled before its run');
  return true;
}
