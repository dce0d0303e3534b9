import { join } from 'node:path';
import { AppError } from '@armoricore/shared/kernel';
import { ladderArguments, MEDIA_PLAYLIST, type SegmentType } from '../ffmpeg/arguments.ts';
import type { Encoded } from '../ffmpeg/run.ts';
import { encodeWithin, flawless } from './encode.ts';
import { makeAudioDownload, makePoster, makePreview, makeStoryboard, makeVideoDownload } from './extras.ts';
import { isShort, truncated } from './inspect.ts';
import { planLadder, type Rung } from './ladder.ts';
import { makeFolders, packageHls, type Package } from './package-hls.ts';
import type { ProgressReporter } from './progress.ts';
import type { Source } from './source.ts';

/** Folder of the playlists and segments, beside the poster. */
export const HLS_DIR = 'hls';
/** A source in which the decoder finds more faults than these, and than one a second, is not worth showing. */
const FAULTS_FORGIVEN = 5;

/** How a source is made into HLS. */
export interface Recipe {
  /** x264 preset. */
  preset: string;
  segmentType: SegmentType;
  /** Longest short side of a rendition. */
  maxSide: number;
  maxDurationS: number;
  /** Whether there is a file of the whole video, and of its sound. */
  downloads: { video: boolean; audio: boolean };
}

/** What an encoder is about to fill, for those who watch it work. */
export interface Encoding {
  hlsDir: string;
  rungs: readonly Rung[];
  frameRate: number;
  hasAudio: boolean;
}

export interface TranscodeOptions {
  recipe: Recipe;
  signal: AbortSignal;
  progress: ProgressReporter;
  /** Begins to watch the encoder; what it returns ends that, and is called before the playlists are written anew. */
  watch?: (encoding: Encoding) => () => Promise<void>;
  /** Makes the ladder in another way than by one run of the encoder; undefined when there is none for this media. */
  byParts?: (encoding: Encoding) => Promise<Encoded | undefined>;
}

export interface Transcoded extends Package {
  hasPictures: boolean;
  /** Faults of the source that the decoder went over. */
  faults: number;
}

/**
 * Makes `hls/` and the extras of a source file below `dir`.
 * @throws AppError `media_truncated`, `media_corrupt`, `media_too_long`, `insufficient_storage`, `encoder_failed`
 */
export async function transcode(file: string, source: Source, dir: string, options: TranscodeOptions): Promise<Transcoded> {
  const { recipe, signal, progress, watch, byParts } = options;
  const { video, audio, durationS = recipe.maxDurationS } = source;
  const encode = encodeWithin(signal);
  const frameRate = video?.outputRate.value ?? 0;
  const rungs = video === undefined ? [] : planLadder({ ...video, frameRate }, recipe.maxSide);
  const hlsDir = join(dir, HLS_DIR);
  const hasAudio = audio !== undefined;

  progress.update('transcode', 0);
  await makeFolders(hlsDir, rungs, hasAudio);
  const encoding = { hlsDir, rungs, frameRate, hasAudio };
  const unwatch = watch?.(encoding);
  // One second over, to tell a source of just the longest length from a longer one.
  const outputOptions = ladderArguments(source, rungs, hlsDir, { ...recipe, maxDurationS: recipe.maxDurationS + 1 });
  const command = { inputs: [{ file }], outputOptions, output: join(hlsDir, '%v', MEDIA_PLAYLIST) };
  let faults = 0;
  try {
    ({ faults } = (await byParts?.(encoding)) ?? (await encode(command, (seconds) => progress.update('transcode', seconds / durationS))));
  } finally {
    await unwatch?.();
  }
  const made = await packageHls(hlsDir, rungs, { frameRate, hasAudio });
  verify(source, { ...made, faults }, recipe.maxDurationS);

  const { videoS = 0, audioS } = made;
  const products = { dir, hlsDir, rungs, videoS, encode: flawless(encode) };
  const extras = [
    ...(video === undefined
      ? []
      : [
          () => makePoster(file, video, dir, encode),
          () => makeStoryboard(products, video),
          () => makePreview(products, video, recipe.preset),
          ...(recipe.downloads.video ? [() => makeVideoDownload(products, audioS !== undefined)] : []),
        ]),
    ...(recipe.downloads.audio && audioS !== undefined ? [() => makeAudioDownload(products)] : []),
  ];
  for (const [index, make] of extras.entries()) {
    progress.update('poster', index / extras.length);
    await make();
  }
  return { ...made, faults, hasPictures: video !== undefined };
}

/**
 * A damaged source makes ffmpeg stop early or go on with what it has, and end with code 0: the length and its messages tell.
 * @throws AppError `media_corrupt`, `media_too_long`, `media_truncated`
 */
export function verify(
  source: Pick<Source, 'durationS' | 'video'>,
  { videoS, audioS, faults }: Pick<Package, 'videoS' | 'audioS'> & { faults: number },
  maxDurationS: number,
): void {
  const madeS = Math.max(videoS ?? 0, audioS ?? 0);
  if (madeS === 0 || (source.video !== undefined && videoS === undefined)) throw new AppError('media_corrupt');
  if (madeS > maxDurationS) throw new AppError('media_too_long', { allowed_s: maxDurationS });
  if (faults > FAULTS_FORGIVEN && faults > madeS) throw new AppError('media_corrupt', { faults });
  if (source.durationS !== undefined && isShort(madeS, source.durationS)) throw truncated(source.durationS, madeS);
}
