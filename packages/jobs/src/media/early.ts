import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentTypeOf, type Storage } from '@armoricore/shared/storage';
import { AUDIO_NAME, MEDIA_PLAYLIST, SEGMENT_SECONDS } from '../ffmpeg/arguments.ts';
import { masterPlaylist } from './master.ts';
import { audioOf, MASTER_PLAYLIST, readSegments, variantOf } from './package-hls.ts';
import { growingPlaylist, type SegmentList } from './playlist.ts';
import type { Encoding } from './transcode.ts';

const INTERVAL_MS = 1_000;
const SEGMENT_CACHE = 'public, max-age=31536000, immutable';

export interface EarlyOptions {
  storage: Storage;
  /** Where the HLS folder will be in the storage. */
  prefix: string;
  signal: AbortSignal;
  /** Called once, when players may begin. */
  onPlayable: () => void;
  /** Publishing early ended because of this; the job goes on. */
  onError: (error: unknown) => void;
}

/**
 * Publishes the smallest rendition and the sound while the encoder still makes them: their segments as they come, playlists
 * that grow, and a master playlist of just these. The complete playlists later replace them under the same names, so that a
 * player that began early goes on. Returns what ends it.
 */
export function publishEarly({ hlsDir, rungs, frameRate, hasAudio }: Encoding, options: EarlyOptions): () => Promise<void> {
  const { storage, prefix, signal, onPlayable, onError } = options;
  const smallest = rungs.at(-1);
  const names = [...(smallest === undefined ? [] : [smallest.name]), ...(hasAudio ? [AUDIO_NAME] : [])];
  const stored = new Set<string>();
  const ended = new AbortController();
  let playable = false;

  async function put(name: string, body: string | null): Promise<void> {
    const bytes = body === null ? createReadStream(join(hlsDir, name)) : Buffer.from(body);
    const cacheControl = body === null ? SEGMENT_CACHE : 'no-cache';
    await storage.put(`${prefix}/${name}`, bytes, { contentType: contentTypeOf(name), cacheControl, signal });
    stored.add(name);
  }

  async function step(): Promise<void> {
    const lists = new Map<string, SegmentList>();
    for (const name of names) lists.set(name, await readSegments(join(hlsDir, name)));
    if ([...lists.values()].some(({ segments }) => segments.length === 0)) return;
    let news = false;
    for (const [name, { init, segments }] of lists) {
      const files = [...(init === undefined ? [] : [init]), ...segments.map(({ uri }) => uri)].map((file) => `${name}/${file}`);
      for (const file of files.filter((one) => !stored.has(one))) {
        await put(file, null);
        news = true;
      }
    }
    if (!news) return;
    for (const [name, list] of lists) await put(`${name}/${MEDIA_PLAYLIST}`, growingPlaylist(list, SEGMENT_SECONDS));
    if (playable) return;
    const variants = smallest === undefined ? [] : [await variantOf(hlsDir, smallest, frameRate, lists.get(smallest.name)!)];
    const audio = lists.get(AUDIO_NAME);
    await put(MASTER_PLAYLIST, masterPlaylist(variants, audio === undefined ? undefined : audioOf(audio)));
    playable = true;
    onPlayable();
  }

  async function follow(): Promise<void> {
    const stop = AbortSignal.any([ended.signal, signal]);
    while (!stop.aborted) {
      await sleep(INTERVAL_MS, undefined, { signal: stop }).catch(() => undefined); // The encoder ended.
      if (!stop.aborted) await step();
    }
  }

  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) onError(error);
  });
  return async () => {
    ended.abort();
    await following;
  };
}
