export { QUEUES, type JobContract, type PartContract, type QueueName } from './contract.ts';
export { captionTranscribe } from './captions.ts';
export { mediaTranscode } from './media.ts';
export { mediaPart, type MediaPart } from './media-part.ts';
export { moderationCheck } from './moderation.ts';
export { notificationSend } from './notification.ts';
export { JOB_CONTRACTS, jobContract } from './registry.ts';
export type { JobOccurrence, ObserveJobs } from './observe.ts';
