import { describeError, AppError, type Log } from '@armoricore/shared/kernel';
import { DelayedError, type QueuedJob } from '@armoricore/shared/queues';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from './attempt.ts';

/** Tries to write an outcome, and the wait between them in ms. */
const SETTLE_TRIES = 5;
const SETTLE_WAIT_MS = 1_000;

/**
 * Writes an outcome. A database that is away for a moment must not cost the work of hours, so it is tried again.
 * A permanent refusal is thrown at once. False when the job had an outcome before.
 * @param lost the reason is thrown when another worker has the job
 */
export async function persist(write: () => Promise<boolean>, { lost, log }: { lost?: AbortSignal; log: Log }): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    if (lost?.reason instanceof Interrupted) throw lost.reason;
    try {
      return await write();
    } catch (error) {
      if (tries === SETTLE_TRIES || (error instanceof AppError && !error.retryable)) throw error;
      log.warn({ reason: describeError(error) }, 'the outcome could not be written yet');
    }
    await sleep(SETTLE_WAIT_MS);
  }
}

/**
 * Returns a job to its queue without counting the try, to be taken after `restMs`. When even that fails the job stays
 * locked, and is taken up again when the lock has ended.
 */
export async function giveBack(
  queued: QueuedJob,
  token: string | undefined,
  { why, restMs, log, level = 'warn' }: { why: string; restMs: number; log: Log; level?: 'warn' | 'debug' },
): Promise<never> {
  log[level]({ reason: why, rest_ms: restMs }, 'job given back');
  try {
    await queued.moveToDelayed(Date.now() + restMs, token);
  } catch (error) {
    log.warn({ reason: describeError(error) }, 'the job could not be given back; it begins anew when its lock ends');
  }
  throw new DelayedError();
}
