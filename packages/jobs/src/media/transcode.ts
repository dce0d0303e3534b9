import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type ErrorCode } from '@armoricore/shared/kernel';
import { ladderArguments, MEDIA_PLAYLIST, posterArguments } from '../ffmpeg/arguments.ts';
import { encode, FfmpegError, type EncodeCommand, type EncodeOptions } from '../ffmpeg/run.ts';
import { fitShortSide, planLadder } from './ladder.ts';
import { makeFolders, packageHls, type Package } from './package-hls.ts';
import type { ProgressReporter } from './progress.ts';
import type { Source, VideoSource } from './source.ts';

export const POSTER = 'poster.jpg';
/** Folder of the playlists and segments, beside the poster. */
export const HLS_DIR = 'hls';
const POSTER_SHORT_SIDE = 720;
/** What may be missing of a declared length: it is often rounded. The larger of the two counts. */
const TOLERANCE_S = 0.5;
const TOLERANCE_SHARE = 0.02;
const DAMAGE = /Invalid data found|Error while decoding|Decoder .* not found|Could not find codec parameters|output file is empty/i;

export interface TranscodeOptions {
  preset: string;
  maxDurationS: number;
  signal: AbortSignal;
  progress: ProgressReporter;
}

export interface Transcoded extends Package {
  hasPoster: boolean;
}

/**
 * Makes `hls/` and the poster of a source file below `dir`.
 * @throws AppError `media_truncated`, `media_corrupt`, `media_too_long`, `insufficient_storage`, `encoder_failed`
 */
export async function transcode(file: string, source: Source, dir: string, options: TranscodeOptions): Promise<Transcoded> {
  const { preset, maxDurationS, signal, progress } = options;
  const { video, audio, durationS = maxDurationS } = source;
  const frameRate = video?.outputRate.value ?? 0;
  const rungs = video === undefined ? [] : planLadder({ ...video, frameRate });
  const hlsDir = join(dir, HLS_DIR);
  const hasAudio = audio !== undefined;

  progress.update('transcode', 0);
  await makeFolders(hlsDir, rungs, hasAudio);
  await run(
    {
      input: file,
      // One second over, to tell a source of just the longest length from a longer one.
      outputOptions: ladderArguments(source, rungs, hlsDir, { preset, maxDurationS: maxDurationS + 1 }),
      output: join(hlsDir, '%v', MEDIA_PLAYLIST),
    },
    { signal, onTime: (seconds) => progress.update('transcode', seconds / durationS) },
  );
  const made = await packageHls(hlsDir, rungs, { frameRate, hasAudio });
  verifyLength(source, made, maxDurationS);

  progress.update('poster', 0);
  if (video !== undefined) await makePoster(file, video, join(dir, POSTER), signal);
  return { ...made, hasPoster: video !== undefined };
}

/** A damaged or cut source makes ffmpeg stop early with code 0: only the length tells. */
export function verifyLength(source: Source, { videoS, audioS }: Pick<Package, 'videoS' | 'audioS'>, maxDurationS: number): void {
  const madeS = Math.max(videoS ?? 0, audioS ?? 0);
  if (madeS === 0) throw new AppError('media_corrupt');
  if (madeS > maxDurationS) throw new AppError('media_too_long', { allowed_s: maxDurationS });
  if (source.durationS === undefined || !source.durationDeclared) return;
  const tolerated = Math.max(TOLERANCE_S, source.durationS * TOLERANCE_SHARE);
  if (madeS < source.durationS - tolerated) {
    throw new AppError('media_truncated', { declared_ms: Math.round(source.durationS * 1000), found_ms: Math.round(madeS * 1000) });
  }
}

/** Looks at key frames only, which is next to no work; a source without any is looked at in full. */
async function makePoster(input: string, video: VideoSource, output: string, signal: AbortSignal): Promise<void> {
  const outputOptions = posterArguments(video, fitShortSide(video, POSTER_SHORT_SIDE));
  for (const inputOptions of [['-skip_frame', 'nokey'], []]) {
    await run({ input, inputOptions, outputOptions, output }, { signal });
    if (await exists(output)) return;
  }
  throw new AppError('encoder_failed', {}, { message: 'No poster could be made.' });
}

async function run(command: EncodeCommand, options: EncodeOptions): Promise<void> {
  try {
    await encode(command, options);
  } catch (error) {
    throw error instanceof FfmpegError ? new AppError(encodeRefusal(error.stderr), {}, { cause: error }) : error;
  }
}

/** What ffmpeg's messages mean: whether the source is to blame, or our side. */
function encodeRefusal(stderr: string): ErrorCode {
  if (/No space left on device/i.test(stderr)) return 'insufficient_storage';
  if (/Cannot allocate memory/i.test(stderr)) return 'encoder_failed';
  return DAMAGE.test(stderr) ? 'media_corrupt' : 'encoder_failed';
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
