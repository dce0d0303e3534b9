import { posix } from 'node:path';
import type { CaptionTrackRow, Database } from '@armoricore/shared/db';
import type { CaptionFormat } from '@armoricore/shared/events';
import { contentTypeOf, type Storage } from '@armoricore/shared/storage';
import { MEDIA_PLAYLIST } from '../ffmpeg/arguments.ts';
import { withSubtitles } from '../media/master.ts';
import { inParallel } from '../media/upload.ts';
import type { Cue } from './cues.ts';
import { subRip, webVtt } from './formats.ts';
import { nameOf } from './language.ts';
import { changeTracks, trackFolder, type ReadyMedia } from './records.ts';
import { subtitleRendition } from './rendition.ts';
import { readPlaylist } from './stored.ts';

/** Captions may be made anew under the same names. */
const CACHE = 'public, max-age=60';

export interface Publication {
  db: Database;
  storage: Storage;
  row: ReadyMedia;
  signal: AbortSignal;
}

export interface Captions {
  language: string;
  formats: readonly CaptionFormat[];
  cues: readonly Cue[];
  /** Lengths of the segments of the video, in s. */
  durations: readonly number[];
}

/** Puts the captions of a language into the storage in place of earlier ones, and the master playlist last. */
export async function publishCaptions({ db, storage, row, signal }: Publication, captions: Captions): Promise<void> {
  const { language, formats, cues } = captions;
  const folder = trackFolder(row.hlsKey, language);
  const put = async (name: string, body: string): Promise<string> => {
    signal.throwIfAborted();
    const key = `${folder}/${name}`;
    await storage.put(key, Buffer.from(body), { contentType: contentTypeOf(name), cacheControl: CACHE, signal });
    return key;
  };
  const vttKey = await put('captions.vtt', webVtt(cues));
  const srtKey = formats.includes('srt') ? await put('captions.srt', subRip(cues)) : null;
  let hlsKey: string | null = null;
  if (formats.includes('hls')) {
    const { segments, playlist } = subtitleRendition(cues, captions.durations);
    await inParallel(segments, async ({ uri, body }) => void (await put(uri, body)));
    hlsKey = await put(MEDIA_PLAYLIST, playlist);
  }
  const track = { language, vttKey, srtKey, hlsKey, cues: cues.length };
  await changeTracks(db, row.id, { put: track }, (ready, tracks) => writeMaster(storage, ready, tracks, signal));
}

/** Takes the captions of a language away. */
export async function removeCaptions({ db, storage, row, signal }: Publication, language: string): Promise<void> {
  await changeTracks(db, row.id, { remove: language }, (ready, tracks) => writeMaster(storage, ready, tracks, signal));
  await storage.delete(trackFolder(row.hlsKey, language));
}

/** The master playlist with these tracks and no others, replaced as a whole; the rest of it stays as it is. */
async function writeMaster(storage: Storage, { hlsKey }: ReadyMedia, tracks: readonly CaptionTrackRow[], signal: AbortSignal): Promise<void> {
  const before = await readPlaylist(storage, hlsKey);
  const after = withSubtitles(before, subtitlesOf(hlsKey, tracks));
  if (after === before) return;
  await storage.put(hlsKey, Buffer.from(after), { contentType: contentTypeOf(hlsKey), cacheControl: CACHE, signal });
}

function subtitlesOf(masterKey: string, tracks: readonly CaptionTrackRow[]): { uri: string; language: string; name: string }[] {
  const named = tracks.flatMap(({ language, hlsKey }) => (hlsKey === null ? [] : [{ language, hlsKey, name: nameOf(language) }]));
  return named.map(({ language, hlsKey, name }) => {
    const isAlone = named.filter((other) => other.name === name).length === 1;
    return { language, uri: posix.relative(posix.dirname(masterKey), hlsKey), name: isAlone ? name : `${name} (${language})` };
  });
}
