export { defineJob, type AnyJob, type Job, type JobContext, type JobHandlers } from './define-job.ts';
export { createFarm, type Farm, type FarmOptions } from './farm.ts';
