import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rendition } from '@armoricore/shared/events';
import { AUDIO_NAME, MEDIA_PLAYLIST } from '../ffmpeg/arguments.ts';
import { AAC_LC, avcCodec } from './codecs.ts';
import type { Rung } from './ladder.ts';
import {
  masterPlaylist,
  mediaPlaylist,
  parseSegments,
  secondsOf,
  variantBandwidth,
  type AudioTrack,
  type SegmentList,
  type VideoVariant,
} from './playlist.ts';

export const MASTER_PLAYLIST = 'master.m3u8';

export interface Package {
  renditions: Rendition[];
  /** Lengths of what was made, in s; undefined where there is none. */
  videoS: number | undefined;
  audioS: number | undefined;
}

/**
 * Reads what the encoder left in `dir` and writes the playlists that go out: each media playlist anew, and the master playlist
 * with figures taken from the segments themselves.
 */
export async function packageHls(
  dir: string,
  rungs: readonly Rung[],
  { frameRate, hasAudio }: { frameRate: number; hasAudio: boolean },
): Promise<Package> {
  const variants: VideoVariant[] = [];
  for (const { name, width, height } of rungs) {
    const { init, segments } = await finishPlaylist(join(dir, name));
    const codecs = avcCodec(await readFile(join(dir, name, init)));
    variants.push({ uri: `${name}/${MEDIA_PLAYLIST}`, name, width, height, frameRate, codecs, segments });
  }
  let audio: AudioTrack | undefined;
  if (hasAudio) {
    const { segments } = await finishPlaylist(join(dir, AUDIO_NAME));
    // A sound track may hold nothing; then the video goes out silent.
    if (segments.length > 0) audio = { uri: `${AUDIO_NAME}/${MEDIA_PLAYLIST}`, codecs: AAC_LC, segments };
  }
  const made = variants[0]?.segments ?? audio?.segments ?? [];
  if (made.length > 0) await writeFile(join(dir, MASTER_PLAYLIST), masterPlaylist(variants, audio));
  return {
    renditions: variants.map(({ name, width, height, codecs, segments }) => {
      const { peak, average } = variantBandwidth(segments, audio?.segments);
      return {
        name,
        width,
        height,
        frame_rate: Math.round(frameRate * 1000) / 1000,
        bandwidth: peak,
        average_bandwidth: average,
        codecs: [codecs, ...(audio === undefined ? [] : [audio.codecs])].join(','),
      };
    }),
    videoS: variants[0] === undefined ? undefined : secondsOf(variants[0].segments),
    audioS: audio === undefined ? undefined : secondsOf(audio.segments),
  };
}

/** Folders of the renditions, which the encoder wants to exist. */
export async function makeFolders(dir: string, rungs: readonly Rung[], hasAudio: boolean): Promise<void> {
  for (const name of [...rungs.map((rung) => rung.name), ...(hasAudio ? [AUDIO_NAME] : [])]) {
    await mkdir(join(dir, name), { recursive: true });
  }
}

async function finishPlaylist(folder: string): Promise<SegmentList> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(folder)) sizes.set(name, (await stat(join(folder, name))).size);
  const file = join(folder, MEDIA_PLAYLIST);
  const list = parseSegments(await readFile(file, 'utf8'), (uri) => {
    const bytes = sizes.get(uri);
    if (bytes === undefined) throw new Error(`the segment ${uri} was not made`);
    return bytes;
  });
  await writeFile(file, mediaPlaylist(list));
  return list;
}
