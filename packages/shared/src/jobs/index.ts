export { QUEUES, type JobContract, type QueueName } from './contract.ts';
export { mediaTranscode } from './media.ts';
export { JOB_CONTRACTS, jobContract } from './registry.ts';
export type { JobOccurrence, ObserveJobs } from './observe.ts';
