import type { QueueName } from './contract.ts';

/** What became of one try of a job, for metrics. `released`: it was given back, to be done elsewhere or later, and does not count. */
export interface JobOccurrence {
  queue: QueueName;
  job: string;
  outcome: 'done' | 'failed' | 'cancelled' | 'retried' | 'released';
  /** How long the try ran, in ms. */
  ms: number;
}

/** Told of every try; must not throw and takes no time. */
export type ObserveJobs = (occurrence: JobOccurrence) => void;
