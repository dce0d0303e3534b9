import type { EventSource } from '@armoricore/shared/events';
import type { JobContract, PartContract } from '@armoricore/shared/jobs';
import type { AppError, Log } from '@armoricore/shared/kernel';
import type { Transaction } from '@armoricore/shared/db';

/** What a job has finished, kept until its outcome for the run that goes on when its worker died. */
export interface Checkpoint {
  /** The value that an earlier run of this job saved for `step`; undefined when none did. Check its shape: an older version may have saved it. */
  load(step: string): Promise<unknown>;
  /** @param value what JSON can hold, at most 64 KiB of it @throws AppError `payload_too_large` */
  save(step: string, value: unknown): Promise<void>;
}

/** A part of a job to be handed out. */
export interface PartToDo<Input = unknown> {
  /** Its own among the parts of the job. */
  name: string;
  input: Input;
}

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
  checkpoint: Checkpoint;
  /**
   * Has parts of the job done, each by whichever worker is free. While any is left to do it ends this run: it aborts the signal
   * and throws. When all have ended, the job runs again and makes the same call, which then resolves.
   * @throws Error that fails the job for good, with the reason of a part that did
   */
  handOut<Input>(contract: PartContract<string, Input>, parts: readonly PartToDo<Input>[]): Promise<void>;
  log: Log;
  /** A folder for this run alone: made when first asked for, removed after the run. */
  readonly scratchDir: string;
}

/** How a job is done. Declare it with `defineJob`. */
export interface JobHandlers<Input, Result> {
  /** Longest run of one try, in ms. */
  timeLimitMs: number;
  /** The source that the result events name. */
  source: EventSource;
  /**
   * Does the work. May run more than once for one job and must bear it. What it throws decides by its class (`ErrorClass`):
   * permanent fails the job at once, processing after one more try, and anything else when the attempts of the contract are used up.
   */
  run(input: Input, context: JobContext): Promise<Result>;
  /**
   * Writes the result within `tx` and returns the payload of the event `results.done`, published in the same transaction.
   * It runs again when that transaction, which other jobs may share, is rolled back.
   */
  done(tx: Transaction, input: Input, result: Result): Promise<object>;
  /** Writes the failure within `tx` and returns the payload of the event `results.failed`, published in the same transaction. */
  failed(tx: Transaction, input: Input, error: AppError): Promise<object>;
  /** Removes what runs left for later ones. Called once or more after the outcome; when it fails, that is logged. */
  cleanUp?(input: Input): Promise<void>;
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
