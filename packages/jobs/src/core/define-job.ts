import type { EventSource } from '@armoricore/shared/events';
import type { JobContract } from '@armoricore/shared/jobs';
import type { AppError, Log } from '@armoricore/shared/kernel';
import type { Transaction } from '@armoricore/shared/db';

/** What a run gets beside its input. */
export interface JobContext {
  /** The id of the event that asked for the job. */
  jobId: string;
  /** Which of the contract's tries this is, from 1. A run that was cut short by a stop or a crash does not count. */
  attempt: number;
  /**
   * Aborts at the time limit, when the job is cancelled, when the process stops and when another worker took the job.
   * A run that saw it ends soon and throws; what it throws then does not matter.
   */
  signal: AbortSignal;
  /** Shows `percent` (0 to 100) to operators. */
  progress(percent: number): Promise<void>;
  log: Log;
  /** A folder for this run alone: made before, removed after. */
  scratchDir: string;
}

/** How a job is done. Declare it with `defineJob`. */
export interface JobHandlers<Input, Result> {
  /** Longest run of one try, in ms. */
  timeLimitMs: number;
  /** The source that the result events name. */
  source: EventSource;
  /**
   * Does the work. May run more than once for one job and must bear it. A thrown AppError that is not retryable fails the job
   * at once; anything else is tried again until the attempts of the contract are used up.
   */
  run(input: Input, context: JobContext): Promise<Result>;
  /** Writes the result within `tx` and returns the payload of the event `results.done`, published in the same transaction. */
  done(tx: Transaction, input: Input, result: Result): Promise<object>;
  /** Writes the failure within `tx` and returns the payload of the event `results.failed`, published in the same transaction. */
  failed(tx: Transaction, input: Input, error: AppError): Promise<object>;
}

export interface Job<Input = unknown, Result = unknown> extends JobHandlers<Input, Result> {
  contract: JobContract<string, Input>;
}

/** A job as the farm holds it: the input is checked by the contract before a handler sees it. */
// eslint-disable-next-line typescript/no-explicit-any -- jobs of different inputs live in one list
export type AnyJob = Job<any, any>;

/** Joins a contract (data, shared by all processes) with its handlers (functions, of this process). */
export function defineJob<Input, Result>(
  contract: JobContract<string, Input>,
  handlers: JobHandlers<Input, Result>,
): Job<Input, Result> {
  return { contract, ...handlers };
}
