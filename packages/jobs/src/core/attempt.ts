import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@armoricore/shared/kernel';

/** How long a run may take to end after its signal aborted, in ms. */
const ABORT_GRACE_MS = 5_000;

/** Why a run was stopped that is to be done again, by this or another process, without counting as a try. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs `work` under a time limit and the signals given. Once aborted, waits a little for the work to end and then throws the
 * reason of the abort. Work that completes all the same has completed.
 * @throws AppError `time_limit`, the reason of a signal, or what the work threw
 */
export async function runLimited<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeLimitMs, signals }: { timeLimitMs: number; signals: readonly AbortSignal[] },
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new AppError('time_limit', { limit_ms: timeLimitMs })), timeLimitMs);
  const signal = AbortSignal.any([limit.signal, ...signals]);
  const finished = new AbortController();
  try {
    signal.throwIfAborted();
    return await Promise.race([work(signal), giveUpAfter(signal, finished.signal)]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    finished.abort();
  }
}

/** Rejects `ABORT_GRACE_MS` after `signal` aborted; never settles when `finished` comes first. */
function giveUpAfter(signal: AbortSignal, finished: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => {
      sleep(ABORT_GRACE_MS, undefined, { signal: finished }).then(
        () => reject(new Error(`the run did not end within ${ABORT_GRACE_MS} ms of its abort`)),
        () => undefined, // The run ended in time.
      );
    };
    signal.addEventListener('abort', onAbort, { once: true, signal: finished });
  });
}
