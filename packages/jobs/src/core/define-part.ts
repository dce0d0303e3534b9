import type { PartContract } from '@armoricore/shared/jobs';
import type { Log } from '@armoricore/shared/kernel';

/** What a run of a part gets beside its input. */
export interface PartContext {
  /** The job that handed it out. */
  jobId: string;
  /** As that of jobs; it also aborts when the job is cancelled. */
  signal: AbortSignal;
  /**
   * Notes how much this part has done, in a unit that the parts of the job share, and resolves to what all of them have done.
   * It may be less than before when a part is done anew.
   */
  report(done: number): Promise<number>;
  log: Log;
  /** A folder for this run alone: made when first asked for, removed after the run. */
  readonly scratchDir: string;
}

/**
 * How a part of a job is done. It may run more than once and must bear it: a run that finds its result there does nothing.
 * What it throws decides about another try as it does for jobs; a part that has failed for good fails its job.
 */
export interface Part<Input = unknown> {
  contract: PartContract<string, Input>;
  /** Longest run of one try, in ms. */
  timeLimitMs: number;
  run(input: Input, context: PartContext): Promise<void>;
}

/** A part as the farm holds it: the input is checked by the contract before a run sees it. */
// eslint-disable-next-line typescript/no-explicit-any -- parts of different inputs live in one list
export type AnyPart = Part<any>;
