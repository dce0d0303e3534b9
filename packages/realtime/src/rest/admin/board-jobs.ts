import type { QueueName } from '@armoricore/shared/jobs';
import { AppError } from '@armoricore/shared/kernel';
import type { QueuedJob, QueueStore } from '@armoricore/shared/queues';
import type { Actor } from '../../domain/audit.ts';
import type { DeadLetterService } from '../../domain/dead-letters.ts';
import type { JobService } from '../../domain/jobs.ts';

/** Failed jobs that `retryAll` hands out at most. */
const MOST_RETRIES = 200;

/** What the board does with single jobs, in the farm's own terms. */
export interface BoardJobs {
  /** Does a failed job again: by its dead letter, as a new job. @throws AppError `not_found`, `not_replayable` */
  retry(queue: QueueName, jobId: string, actor: Actor): Promise<void>;
  /** Does the newest failed jobs again; those that are refused are skipped. */
  retryAll(queue: QueueName, actor: Actor): Promise<{ retried: number; skipped: number }>;
  /** Takes a job that has ended out of the queue, and cancels one that has not. @throws AppError `not_found` */
  remove(queue: QueueName, jobId: string, actor: Actor): Promise<void>;
}

/** A job has one outcome: one that failed has it, so that it is done again as a new job, and none may vanish without it. */
export function createBoardJobs(dependencies: { queues: QueueStore; deadLetters: DeadLetterService; jobs: JobService }): BoardJobs {
  const { queues, deadLetters, jobs } = dependencies;

  async function found(queue: QueueName, jobId: string): Promise<QueuedJob> {
    const job = await queues.queue(queue).getJob(jobId);
    if (job === undefined) throw new AppError('not_found', { job_id: jobId });
    return job;
  }

  async function retry(queue: QueueName, jobId: string, actor: Actor): Promise<void> {
    const job = await found(queue, jobId);
    if (!(await job.isFailed())) throw new AppError('not_replayable', { job_id: jobId, why: 'It has not failed.' });
    await deadLetters.replayJob(queue, jobId, actor);
    await job.remove();
  }

  return {
    retry,

    async retryAll(queue, actor) {
      const failed = await queues.queue(queue).getFailed(0, MOST_RETRIES - 1);
      let retried = 0;
      for (const { id = '' } of failed) {
        try {
          await retry(queue, id, actor);
          retried += 1;
        } catch (error) {
          if (!(error instanceof AppError) || error.retryable) throw error; // Refused: it is told as skipped.
        }
      }
      return { retried, skipped: failed.length - retried };
    },

    async remove(queue, jobId, actor) {
      const job = await found(queue, jobId);
      const ended = (await job.isFailed()) || (await job.isCompleted());
      if (ended) await job.remove();
      else await jobs.cancel(jobId, actor);
    },
  };
}
