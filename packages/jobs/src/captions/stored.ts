import { createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { AUDIO_NAME, MEDIA_PLAYLIST } from '../ffmpeg/arguments.ts';
import { parseSegments } from '../media/playlist.ts';

/** A playlist of a day of video is a tenth of this. */
const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;

/** What the media pipeline left in the storage. */
export interface StoredHls {
  /** Keys of the files that make up the sound, in their order; none when there is none. */
  sound: string[];
  /** Lengths of the segments of the best rendition, in s. */
  durations: number[];
}

/** @throws AppError `not_found` when the playlists are gone */
export async function readHls(storage: Storage, hlsKey: string): Promise<StoredHls> {
  const folder = posix.dirname(hlsKey);
  const master = await readPlaylist(storage, hlsKey);
  const variant = master.split('\n').find((line) => line !== '' && !line.startsWith('#'));
  if (variant === undefined) throw new AppError('not_found', {}, { message: 'The media has no renditions.' });
  const best = await readSegments(storage, posix.join(folder, variant));
  const soundKey = `${folder}/${AUDIO_NAME}/${MEDIA_PLAYLIST}`;
  const sound = (await storage.stat(soundKey)) === null ? undefined : await readSegments(storage, soundKey);
  return { sound: sound?.files ?? [], durations: best.durations };
}

/** Brings objects to one file, one after the other: the segments of a rendition make a whole so. */
export async function fetchJoined(storage: Storage, keys: readonly string[], file: string, signal: AbortSignal): Promise<void> {
  for (const key of keys) {
    const { body } = await storage.get(key);
    await pipeline(body, createWriteStream(file, { flags: 'a' }), { signal });
  }
}

export async function readPlaylist(storage: Storage, key: string): Promise<string> {
  const { body, size } = await storage.get(key);
  if (size <= MAX_PLAYLIST_BYTES) return text(body);
  body.destroy();
  throw new AppError('payload_too_large', { bytes: size, max_bytes: MAX_PLAYLIST_BYTES });
}

async function readSegments(storage: Storage, key: string): Promise<{ files: string[]; durations: number[] }> {
  const { init, segments } = parseSegments(await readPlaylist(storage, key));
  const names = [...(init === undefined ? [] : [init]), ...segments.map(({ uri }) => uri)];
  return { files: names.map((name) => posix.join(posix.dirname(key), name)), durations: segments.map(({ durationS }) => durationS) };
}
