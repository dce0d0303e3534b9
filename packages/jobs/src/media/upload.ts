import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { contentTypeOf, type Storage } from '@armoricore/shared/storage';
import { MASTER_PLAYLIST } from './package-hls.ts';

const PARALLEL = 8;
/** Segments never change under their name; a playlist may get tracks later. */
const SEGMENT_CACHE = 'public, max-age=31536000, immutable';
const PLAYLIST_CACHE = 'public, max-age=60';

/**
 * Moves all files below `dir` into the storage under `prefix`, so that a playlist appears after all that it names: segments and
 * pictures, then media playlists, then the master.
 * @throws what `Storage.put` throws; the reason of the signal
 */
export async function uploadAll(
  storage: Storage,
  dir: string,
  prefix: string,
  { signal, onFraction }: { signal: AbortSignal; onFraction: (done: number) => void },
): Promise<void> {
  const files = await filesBelow(dir);
  let done = 0;
  for (const order of [0, 1, 2]) {
    const batch = files.filter((file) => orderOf(file) === order);
    await inParallel(batch, async (file) => {
      signal.throwIfAborted();
      await storage.putFile(`${prefix}/${file}`, join(dir, file), {
        contentType: contentTypeOf(file),
        cacheControl: order === 0 ? SEGMENT_CACHE : PLAYLIST_CACHE,
        signal,
      });
      done += 1;
      onFraction(done / files.length);
    });
  }
}

function orderOf(file: string): number {
  if (!file.endsWith('.m3u8')) return 0;
  return file.endsWith(MASTER_PLAYLIST) ? 2 : 1;
}

/** Paths of the files, relative and with slashes. */
async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(dir, join(entry.parentPath, entry.name)));
  return files.map((file) => file.replaceAll(sep, '/'));
}

/** Works on a list a few at a time; at the first error no further one is begun, and it is thrown when the others have ended. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: PARALLEL }, lane));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
