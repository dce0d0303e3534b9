import type { FrameRate } from '../media/frame-rate.ts';
import type { Rung } from '../media/ladder.ts';
import type { VideoSource } from '../media/source.ts';
import { audioArguments, encoderArguments, gopFrames, hlsArguments, videoArguments, type SegmentType } from './arguments.ts';
import { ladderGraph } from './filters.ts';
import type { EncodeInput } from './run.ts';

/** Pictures `from` up to, not including, `to` (null: to the end), counted at the steady rate. */
export interface Stretch {
  from: number;
  to: number | null;
}

/**
 * How long before a part its decoding begins, in s: the first pictures after a seek may be missing, and the filter that makes
 * the rate steady needs the picture that was there before. No source may have a longer gap.
 */
export const PRE_ROLL_S = 3;
const NOTHING_ELSE = ['-map_metadata', '-1', '-map_chapters', '-1', '-sn', '-dn'];

/** Input options and output options of the one process that makes a stretch of all renditions: one MP4 with a track for each. */
export function partArguments(video: VideoSource, rungs: readonly Rung[], { from, to }: Stretch, preset: string): { input: string[]; output: string[] } {
  const rate = video.outputRate;
  // In whole seconds of the rate, which even 30000/1001 has as whole milliseconds: rounding must not move pictures.
  const first = Math.max(0, from - PRE_ROLL_S * Math.round(rate.value));
  const end = to === null ? '' : `:end_frame=${to - first}`;
  const cut = `trim=start_frame=${from - first}${end},setpts=PTS-STARTPTS`;
  return {
    input: first === 0 ? [] : ['-ss', secondsAt(rate, first).toFixed(6)],
    output: [
      '-filter_complex', ladderGraph(video, rungs, rate.text, cut),
      ...rungs.flatMap((rung, index) => videoArguments(rung, index)),
      ...encoderArguments(preset, gopFrames(rate.value)),
      '-an', ...NOTHING_ELSE, '-f', 'mp4',
    ],
  };
}

/** Output options that make the sound of all renditions: one MP4. */
export function soundArguments(index: number): string[] {
  return [...audioArguments(index), '-vn', ...NOTHING_ELSE, '-f', 'mp4'];
}

/** A list (in the words of ffmpeg's concat demuxer) of files in its own folder, one after the other. */
export function concatList(names: readonly string[]): string {
  return ['ffconcat version 1.0', ...names.map((name) => `file '${name}'`), ''].join('\n');
}

/** The input that such a list is. */
export function concatInput(file: string): EncodeInput {
  return { file, own: true, options: ['-format_whitelist', 'concat,mov', '-f', 'concat'] };
}

/**
 * Output options that join parts (input 0) and the sound (input 1) to HLS below `dir`, as one run of the encoder would have
 * made it. Times are counted anew: the lengths of many parts, each rounded, would shift them.
 */
export function joinArguments(rungs: readonly Rung[], options: { hasAudio: boolean; dir: string; segmentType: SegmentType }): string[] {
  const { hasAudio, dir, segmentType } = options;
  return [
    ...rungs.flatMap((_, index) => ['-map', `0:v:${index}`]),
    ...(hasAudio ? ['-map', '1:a:0'] : []),
    '-c', 'copy', '-bsf:v', 'setts=ts=N*DURATION', '-map_metadata', '-1', '-map_chapters', '-1',
    ...hlsArguments(rungs, hasAudio, dir, segmentType),
  ];
}

function secondsAt({ text }: FrameRate, frame: number): number {
  const [over = 1, under = 1] = text.split('/').map(Number);
  return (frame * under) / over;
}
