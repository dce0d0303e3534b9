import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@armoricore/shared/kernel';

const INTERVAL_MS = 250;
/** Looking may take this share of the time, while the pauses are no longer than this, in ms. */
const SHARE = 0.02;
const MAX_PAUSE_MS = 1_000;

/**
 * Does `work` while the folder holds no more than `maxBytes`; over it, the signal that work gets aborts.
 * @throws AppError `media_too_large`, or what the work throws
 */
export async function withinQuota<T>(
  dir: string,
  maxBytes: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const finished = new AbortController();
  const watching = watch();

  async function watch(): Promise<void> {
    while (!finished.signal.aborted) {
      const begun = performance.now();
      const bytes = await bytesBelow(dir);
      if (bytes > maxBytes) {
        over.abort(new AppError('media_too_large', { bytes, allowed_bytes: maxBytes }, { message: 'The media needs more disk than one may have.' }));
        return;
      }
      const pause = Math.min(Math.max(INTERVAL_MS, (performance.now() - begun) / SHARE), MAX_PAUSE_MS);
      await sleep(pause, undefined, { signal: finished.signal }).catch(() => undefined); // The work ended.
    }
  }

  try {
    return await work(AbortSignal.any([signal, over.signal]));
  } finally {
    finished.abort();
    await watching;
  }
}

async function bytesBelow(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += await sizeOf(join(entry.parentPath, entry.name));
  }
  return bytes;
}

/** 0 for a file that is gone: the encoder renames what it has finished. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
