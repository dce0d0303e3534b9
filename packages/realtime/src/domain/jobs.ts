import type { Act, Actor } from './audit.ts';

/** How jobs are told from outside of the process that runs them. */
export interface JobControl {
  /** In one transaction: asks for the end of a job, wherever it waits or runs, and writes the act down. */
  requestCancel(jobId: string, act: Act): Promise<void>;
}

export type JobService = ReturnType<typeof createJobService>;

/** What operators do with jobs. */
export function createJobService(control: JobControl) {
  return {
    /** The job ends with `job_cancelled` within a second when it waits or runs; one that has its outcome keeps it. */
    async cancel(jobId: string, actor: Actor): Promise<void> {
      await control.requestCancel(jobId, { actor, action: 'job.cancel', subject: `job:${jobId}` });
    },
  };
}
