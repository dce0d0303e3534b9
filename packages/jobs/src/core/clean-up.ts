import { describeError, type Log } from '@armoricore/shared/kernel';
import type { AnyJob } from './define-job.ts';

/** Removes what runs of a job that has its outcome left behind. */
export async function cleanUp(job: AnyJob, input: unknown, log: Log): Promise<void> {
  try {
    await job.cleanUp?.(input);
  } catch (error) {
    log.warn({ reason: describeError(error) }, 'what a job left behind could not be removed');
  }
}
