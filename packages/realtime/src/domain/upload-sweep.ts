import type { MediaRow } from '@armoricore/shared/db';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';

/** Uploads whose time is over and deleted media, one after the other, each by one process alone. */
export interface ExpiryRepository {
  /**
   * In one transaction: takes the oldest that is none of `except`, runs `work` on it and settles it. An upload is `failed` then
   * with `upload_expired`, which its owner is told; a deleted media is gone. Undefined when there is none, or when another process sweeps.
   * What `work` throws undoes all and is answered as `failed`.
   */
  settleNext(work: (row: MediaRow) => Promise<void>, except: readonly string[]): Promise<{ id: string; failed?: unknown } | undefined>;
}

export interface SweepOptions {
  repository: ExpiryRepository;
  discard: (row: MediaRow) => Promise<void>;
  log: Log;
  intervalMs?: number;
}

const INTERVAL_MS = 60_000;
/** Most of one sweep; the rest waits for the next. */
const BATCH = 100;
/** After so many that cannot be removed the storage is the likely reason, and the sweep ends. */
const MAX_FAILURES = 5;

/** Removes, now and then, what nobody will complete and what was deleted. */
export function createUploadSweep({ repository, discard, log, intervalMs = INTERVAL_MS }: SweepOptions): Service & { sweep(): Promise<number> } {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;

  /** How many were settled. */
  async function sweep(): Promise<number> {
    const failed: string[] = [];
    let settled = 0;
    while (!stopped && settled < BATCH && failed.length < MAX_FAILURES) {
      const next = await repository.settleNext(discard, failed);
      if (next === undefined) break;
      if ('failed' in next) {
        failed.push(next.id);
        log.warn({ media_id: next.id, reason: describeError(next.failed) }, 'an upload that expired could not be removed');
      } else settled += 1;
    }
    return settled;
  }

  const schedule = (): void => {
    timer = setTimeout(() => {
      running = sweep()
        .catch((error: unknown) => log.warn({ reason: describeError(error) }, 'expired uploads could not be looked for'))
        .finally(() => stopped || schedule());
    }, intervalMs);
  };

  return {
    name: 'upload sweep',
    sweep,
    start: schedule,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
