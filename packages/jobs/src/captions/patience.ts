import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, fullJitter, type Backoff } from '@armoricore/shared/kernel';

export interface Patience {
  /** In all. */
  tries: number;
  backoff: Backoff;
  /** A service that wants a longer pause is not waited for, in ms. */
  longestWaitMs: number;
}

/**
 * Does work again when its error is transient, after the pause that the service asked for (`retry_after_ms`) or a growing one.
 * @throws what the work throws for good; the reason of the signal
 */
export async function withPatience<T>(work: () => Promise<T>, { tries, backoff, longestWaitMs }: Patience, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError) || error.class !== 'transient' || attempt >= tries) throw error;
      const wanted = error.details['retry_after_ms'];
      const waitMs = typeof wanted === 'number' ? wanted : fullJitter(backoff, attempt);
      if (waitMs > longestWaitMs) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
