import { AppError } from '@armoricore/shared/kernel';

/** How long a run may take to end after its signal aborted, in ms. */
const ABORT_GRACE_MS = 5_000;

/** Why a run was stopped that is to be done again, by this or another process, without counting as a try. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Thrown by a run that has nothing to do before some moment: the job rests until then, in its queue, and no try is counted. */
export class Postponed extends Interrupted {
  readonly restMs: number;

  constructor(why: string, restMs: number) {
    super(why);
    this.restMs = restMs;
  }
}

/**
 * Runs `work` until `control` aborts, which it does by itself after the time limit. Once aborted, waits a little for the work
 * to end and then throws the reason of the abort. Work that completes all the same has completed.
 * @throws AppError `time_limit`, the reason of the abort, or what the work threw
 */
export async function runLimited<T>(
  work: () => Promise<T>,
  { timeLimitMs, control }: { timeLimitMs: number; control: AbortController },
): Promise<T> {
  const { signal } = control;
  signal.throwIfAborted();
  const limit = setTimeout(() => control.abort(new AppError('time_limit', { limit_ms: timeLimitMs })), timeLimitMs);
  const givenUp = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    grace = setTimeout(() => givenUp.reject(new Error(`the run did not end within ${ABORT_GRACE_MS} ms of its abort`)), ABORT_GRACE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(), givenUp.promise]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(limit);
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
  }
}
