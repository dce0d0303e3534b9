import { ERRORS, type AppError, type ErrorCode } from '@armoricore/shared/kernel';

/** A job whose workers died this often takes them down with it, so it is not tried again. */
const MAX_CRASHES = 5;

/** What decides about another try, as the queue knows it. */
export interface TriesSoFar {
  /** Reason of the try before, as `failureReason` made it. */
  failedReason?: string | null;
  /** How often a worker died with the job. */
  stalledCounter: number;
}

/** How a failed try is noted in the queue: the code, then what happened. */
export function failureReason({ code, message }: AppError): string {
  return `${code}: ${message}`;
}

export function crashedTooOften({ stalledCounter }: TriesSoFar): boolean {
  return stalledCounter >= MAX_CRASHES;
}

/** Whether a try that failed is followed by another. `attempt` counts it, from 1. */
export function isTriedAgain(error: AppError, tries: TriesSoFar, { attempt, attempts }: { attempt: number; attempts: number }): boolean {
  if (error.class === 'permanent' || attempt >= attempts || crashedTooOften(tries)) return false;
  return error.class === 'transient' || classOfReason(tries.failedReason) !== 'processing';
}

function classOfReason(reason: string | null | undefined): string | undefined {
  const code = reason?.split(':')[0] ?? '';
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].class : undefined;
}
