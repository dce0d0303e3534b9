export interface Backoff {
  /** Longest wait before the first retry, in ms. */
  baseMs: number;
  /** Longest wait before any retry, in ms. */
  maxMs: number;
}

/**
 * Exponential backoff with full jitter: a random wait in [0, min(maxMs, baseMs · 2^(attempt-1))].
 * `attempt` is the number of tries that failed so far, from 1. `random` is in [0, 1).
 */
export function fullJitter({ baseMs, maxMs }: Backoff, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(random() * ceiling);
}
