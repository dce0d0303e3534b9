import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@armoricore/shared/kernel';
import { AUDIO_NAME, gopFrames, MEDIA_PLAYLIST } from '../ffmpeg/arguments.ts';
import { downloadArguments, posterArguments, previewArguments, spriteArguments } from '../ffmpeg/extras.ts';
import type { EncodeInput } from '../ffmpeg/run.ts';
import { secondsOf, type Segment } from './bandwidth.ts';
import type { Encode } from './encode.ts';
import { fitShortSide, type Rung } from './ladder.ts';
import { readSegments } from './package-hls.ts';
import { planStoryboard, sheetName, storyboardTrack } from './storyboard.ts';
import type { VideoSource } from './source.ts';

export const POSTER = 'poster.jpg';
export const STORYBOARD_DIR = 'storyboard';
export const STORYBOARD = `${STORYBOARD_DIR}/storyboard.vtt`;
export const PREVIEW = 'preview.mp4';
export const DOWNLOAD_VIDEO = 'video.mp4';
export const DOWNLOAD_AUDIO = 'audio.m4a';

const POSTER_SHORT_SIDE = 720;
const PREVIEW_SHORT_SIDE = 240;
const DOWNLOAD_SHORT_SIDE = 1080;
const PREVIEW_MAX_FRAME_RATE = 30;
/** Where the pieces of a preview begin, as shares of the whole, and how long they are together, in s. */
const PREVIEW_SHARES = [0.1, 0.35, 0.6, 0.85];
const PREVIEW_S = 4;
/** Up to this length the preview is the whole, in s. */
const PREVIEW_WHOLE_S = 6;

/** The poster. Looks at key frames only, which is next to no work; a source without any is looked at in full. */
export async function makePoster(file: string, video: VideoSource, dir: string, encode: Encode): Promise<void> {
  const output = join(dir, POSTER);
  const outputOptions = posterArguments(video, fitShortSide(video, POSTER_SHORT_SIDE));
  for (const options of [['-skip_frame', 'nokey'], []]) {
    await encode({ inputs: [{ file, options }], outputOptions, output });
    if (await exists(output)) return;
  }
  throw new AppError('encoder_failed', {}, { message: 'No poster could be made.' });
}

interface Made {
  dir: string;
  hlsDir: string;
  /** Largest first. */
  rungs: readonly Rung[];
  videoS: number;
  encode: Encode;
}

/** Sheets of tiles and the WebVTT track that names them, from the key frames of the smallest rendition. */
export async function makeStoryboard({ dir, hlsDir, rungs, videoS, encode }: Made, video: VideoSource): Promise<void> {
  const rate = video.outputRate.value;
  const smallest = rungs.at(-1)!;
  const plan = planStoryboard({ ...smallest, durationS: videoS, keyFrameS: gopFrames(rate) / rate });
  const folder = join(dir, STORYBOARD_DIR);
  await mkdir(folder);
  await encode({
    inputs: [rendition(hlsDir, smallest.name, ['-skip_frame', 'nokey'])],
    outputOptions: spriteArguments(plan),
    output: join(folder, 'sheet_%03d.jpg'),
  });
  const sheets = Math.ceil(plan.tiles / (plan.columns * plan.rows));
  if (!(await exists(join(folder, sheetName(sheets - 1))))) {
    throw new AppError('encoder_failed', {}, { message: 'The storyboard has fewer sheets than the video needs.' });
  }
  await writeFile(join(dir, STORYBOARD), storyboardTrack(plan, videoS));
}

/** A few seconds from all over the video, without sound. */
export async function makePreview({ dir, hlsDir, rungs, encode }: Made, video: VideoSource, preset: string): Promise<void> {
  const folder = join(hlsDir, atMost(rungs, PREVIEW_SHORT_SIDE).name);
  const { init, segments } = await readSegments(folder);
  const pieces = previewPieces(segments);
  const { value, text } = video.outputRate;
  const inputs = pieces.map(({ uri, lastingS }) => {
    // ffmpeg 5 fails to seek in playlists of fragmented MP4; a segment by itself begins with a key frame.
    const file = init === undefined ? join(folder, uri) : `concat:${join(folder, init)}|${join(folder, uri)}`;
    return { file, own: true, options: ['-t', String(lastingS)] };
  });
  const frameRate = value > PREVIEW_MAX_FRAME_RATE ? String(PREVIEW_MAX_FRAME_RATE) : text;
  await encode({ inputs, outputOptions: previewArguments({ count: pieces.length, preset, frameRate }), output: join(dir, PREVIEW) });
}

/** The segments whose beginnings make up a preview, and how much of each, in s: a short video whole, else pieces from all over. */
export function previewPieces(segments: readonly Segment[]): { uri: string; lastingS: number }[] {
  const [first] = segments;
  if (first === undefined) throw new Error('a preview needs a segment');
  if (secondsOf(segments) <= PREVIEW_WHOLE_S) return [{ uri: first.uri, lastingS: PREVIEW_WHOLE_S }];
  const long = segments.filter(({ durationS }) => durationS >= 1);
  const chosen = [...new Set(PREVIEW_SHARES.map((share) => long[Math.floor(share * long.length)]?.uri ?? first.uri))];
  return chosen.map((uri) => ({ uri, lastingS: PREVIEW_S / chosen.length }));
}

/** One MP4 of the best rendition that every player takes, with its sound. */
export async function makeVideoDownload({ dir, hlsDir, rungs, encode }: Made, hasAudio: boolean): Promise<void> {
  const names = [atMost(rungs, DOWNLOAD_SHORT_SIDE).name, ...(hasAudio ? [AUDIO_NAME] : [])];
  const inputs = names.map((name) => rendition(hlsDir, name));
  await encode({ inputs, outputOptions: downloadArguments(inputs.length, 'mp4'), output: join(dir, DOWNLOAD_VIDEO) });
}

/** The sound alone. */
export async function makeAudioDownload({ dir, hlsDir, encode }: Pick<Made, 'dir' | 'hlsDir' | 'encode'>): Promise<void> {
  await encode({ inputs: [rendition(hlsDir, AUDIO_NAME)], outputOptions: downloadArguments(1, 'ipod'), output: join(dir, DOWNLOAD_AUDIO) });
}

function rendition(hlsDir: string, name: string, options: readonly string[] = []): EncodeInput {
  return { file: join(hlsDir, name, MEDIA_PLAYLIST), own: true, options };
}

/** The best rung up to a size, else the smallest. */
function atMost(rungs: readonly Rung[], shortSide: number): Rung {
  return rungs.find(({ width, height }) => Math.min(width, height) <= shortSide) ?? rungs.at(-1)!;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
