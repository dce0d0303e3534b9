export { Postponed } from './attempt.ts';
export { defineJob, type AnyJob, type Checkpoint, type Job, type JobContext, type JobHandlers } from './define-job.ts';
export type { AnyPart, Part, PartContext } from './define-part.ts';
export { createFarm, type Farm, type FarmOptions, type QueueLimits } from './farm.ts';
