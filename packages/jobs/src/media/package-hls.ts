import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rendition } from '@armoricore/shared/events';
import { AUDIO_NAME, MEDIA_PLAYLIST } from '../ffmpeg/arguments.ts';
import { secondsOf, variantBandwidth } from './bandwidth.ts';
import { AAC_LC, avcCodec } from './codecs.ts';
import type { Rung } from './ladder.ts';
import { masterPlaylist, type AudioTrack, type VideoVariant } from './master.ts';
import { mediaPlaylist, parseSegments, type SegmentList } from './playlist.ts';

export const MASTER_PLAYLIST = 'master.m3u8';
/** Enough of a segment to hold what it tells of its codec. */
const HEAD_BYTES = 16_384;

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
  for (const rung of rungs) {
    const list = await finishPlaylist(join(dir, rung.name));
    if (list.segments.length > 0) variants.push(await variantOf(dir, rung, frameRate, list));
  }
  let audio: AudioTrack | undefined;
  if (hasAudio) {
    const list = await finishPlaylist(join(dir, AUDIO_NAME));
    // A sound track may hold nothing; then the video goes out silent.
    if (list.segments.length > 0) audio = audioOf(list);
  }
  const made = variants[0]?.segments ?? audio?.segments ?? [];
  if (made.length > 0) await writeFile(join(dir, MASTER_PLAYLIST), masterPlaylist(variants, audio));
  return {
    renditions: variants.map((variant) => renditionOf(variant, audio)),
    videoS: variants[0] === undefined ? undefined : secondsOf(variants[0].segments),
    audioS: audio === undefined ? undefined : secondsOf(audio.segments),
  };
}

/** A rung as the master playlist tells of it. */
export async function variantOf(dir: string, { name, width, height }: Rung, frameRate: number, list: SegmentList): Promise<VideoVariant> {
  const codecs = avcCodec(await headOf(join(dir, name, list.init ?? list.segments[0]!.uri)));
  return { uri: `${name}/${MEDIA_PLAYLIST}`, name, width, height, frameRate, codecs, segments: list.segments };
}

/** The sound as the master playlist tells of it. */
export function audioOf({ segments }: SegmentList): AudioTrack {
  return { uri: `${AUDIO_NAME}/${MEDIA_PLAYLIST}`, codecs: AAC_LC, segments };
}

function renditionOf({ name, width, height, frameRate, codecs, segments }: VideoVariant, audio: AudioTrack | undefined): Rendition {
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
}

/** Folders of the renditions, which the encoder wants to exist. */
export async function makeFolders(dir: string, rungs: readonly Rung[], hasAudio: boolean): Promise<void> {
  for (const name of [...rungs.map((rung) => rung.name), ...(hasAudio ? [AUDIO_NAME] : [])]) {
    await mkdir(join(dir, name), { recursive: true });
  }
}

/** The segments of a rendition so far, by the playlist that the encoder keeps; none before its first. */
export async function readSegments(folder: string): Promise<SegmentList> {
  const names = await readdir(folder);
  if (!names.includes(MEDIA_PLAYLIST)) return { init: undefined, segments: [] };
  const { init, segments } = parseSegments(await readFile(join(folder, MEDIA_PLAYLIST), 'utf8'));
  const sized = segments.map(async (segment) => ({ ...segment, bytes: (await stat(join(folder, segment.uri))).size }));
  return { init, segments: await Promise.all(sized) };
}

async function finishPlaylist(folder: string): Promise<SegmentList> {
  const list = await readSegments(folder);
  if (list.segments.length > 0) await writeFile(join(folder, MEDIA_PLAYLIST), mediaPlaylist(list));
  return list;
}

async function headOf(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
