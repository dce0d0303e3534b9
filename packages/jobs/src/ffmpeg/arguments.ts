import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import type { Rung } from '../media/ladder.ts';
import type { Source } from '../media/source.ts';
import { ladderGraph } from './filters.ts';

export const SEGMENT_SECONDS = 6;
const KEY_FRAME_SECONDS = 2;
const AUDIO_BITRATE = 128_000;
/** Of each encoder: as many as x264 would take by itself, but on a large machine memory grows with them and speed does not. */
const THREADS = Math.min(8, Math.ceil(availableParallelism() * 1.5));
/** Samples in a frame of AAC-LC. */
const AAC_FRAME = 1024;
/** As loud as streaming services play (AES TD1008 names −16 LUFS for speech and mixed content), with room below full scale. */
const LOUDNESS = 'loudnorm=I=-16:TP=-1.5:LRA=11';
/** Name of the rendition that holds the sound. */
export const AUDIO_NAME = 'audio';
export const MEDIA_PLAYLIST = 'index.m3u8';
/** Shown, with no surprises for players: the colours that `filters.ts` makes. */
const COLOURS = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'];

export const SEGMENT_TYPES = ['fmp4', 'ts'] as const;
export type SegmentType = (typeof SEGMENT_TYPES)[number];

export interface LadderOptions {
  preset: string;
  segmentType: SegmentType;
  /** The output is cut here, in s, whatever the source claims. */
  maxDurationS: number;
}

/**
 * Output options of the one process that makes all renditions for HLS below `dir`: `<name>/index.m3u8` with its segments for
 * each rung, and for the sound. Key frames stand at the same times in every rung. A file that has its name is whole.
 */
export function ladderArguments(source: Source, rungs: readonly Rung[], dir: string, options: LadderOptions): string[] {
  const { video, audio } = source;
  const { preset, segmentType, maxDurationS } = options;
  return [
    ...(video === undefined ? [] : ['-filter_complex', ladderGraph(video, rungs, video.outputRate.text)]),
    ...rungs.flatMap((rung, index) => videoArguments(rung, index)),
    ...(video === undefined ? [] : encoderArguments(preset, gopFrames(video.outputRate.value))),
    ...(audio === undefined ? [] : audioArguments(audio.index)),
    '-map_metadata', '-1', '-map_chapters', '-1', '-sn', '-dn', '-t', String(maxDurationS),
    ...hlsArguments(rungs, audio !== undefined, dir, segmentType),
  ];
}

/** What makes HLS of all streams of an output, below `dir`. */
export function hlsArguments(rungs: readonly Rung[], hasAudio: boolean, dir: string, segmentType: SegmentType): string[] {
  const streams = [
    ...rungs.map((rung, index) => `v:${index},${hasAudio ? 'agroup:aud,' : ''}name:${rung.name}`),
    ...(hasAudio ? [`a:0,${rungs.length > 0 ? 'agroup:aud,default:yes,' : ''}name:${AUDIO_NAME}`] : []),
  ];
  return [
    // The playlists grow while the encoder works, so that playing can begin before it ends.
    '-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'event', '-hls_flags', 'independent_segments+temp_file',
    ...segmentArguments(dir, segmentType), '-var_stream_map', streams.join(' '),
  ];
}

/** Pictures from one key frame to the next. */
export function gopFrames(frameRate: number): number {
  return Math.max(1, Math.round(frameRate * KEY_FRAME_SECONDS));
}

function segmentArguments(dir: string, type: SegmentType): string[] {
  const name = (ending: string): string => posix.join(dir, '%v', `seg_%05d.${ending}`);
  if (type === 'fmp4') return ['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', name('m4s')];
  // Without the delay that ffmpeg gives decoders the first picture is at 0 here too.
  return ['-hls_segment_type', 'mpegts', '-muxdelay', '0', '-muxpreload', '0', '-hls_segment_filename', name('ts')];
}

export function videoArguments({ bitrate }: Rung, index: number): string[] {
  return ['-map', `[v${index}]`, `-maxrate:v:${index}`, String(bitrate), `-bufsize:v:${index}`, String(bitrate * 2)];
}

/** Constant quality below each rung's ceiling; no B-frames, so that the first picture is at 0 (fMP4 keeps their delay). */
export function encoderArguments(preset: string, gop: number): string[] {
  return [
    '-c:v', 'libx264', '-threads', String(THREADS), '-preset', preset, '-profile:v', 'high', '-crf', '21', '-bf', '0', ...COLOURS,
    '-flags', '+cgop', '-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0',
    '-force_key_frames', `expr:gte(n,n_forced*${gop})`,
  ];
}

/**
 * Stereo AAC of even loudness; silence fills a late start and gaps, so that sound and picture share their clock. The encoder
 * puts one frame before the first sample, which the muxer would make room for by moving all streams 21 ms from 0: the first
 * frame gives its place.
 */
export function audioArguments(index: number): string[] {
  const steps = [
    'aresample=48000:async=1:first_pts=0',
    'aformat=channel_layouts=stereo',
    LOUDNESS,
    'aresample=48000', // loudnorm puts out 192 kHz.
    `atrim=start_sample=${AAC_FRAME}`,
  ];
  return ['-map', `0:${index}`, '-c:a', 'aac', '-b:a', String(AUDIO_BITRATE), '-ac', '2', '-af', steps.join(','), '-ar', '48000'];
}
