export { QUEUES, type JobContract, type QueueName } from './contract.ts';
export { mediaTranscode } from './media.ts';
