import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import type { Rung } from '../media/ladder.ts';
import type { Source, VideoSource } from '../media/source.ts';
import { ladderGraph, posterGraph } from './filters.ts';

export const SEGMENT_SECONDS = 6;
const KEY_FRAME_SECONDS = 2;
const AUDIO_BITRATE = 128_000;
/** Of each encoder: as many as x264 would take by itself, but on a large machine memory grows with them and speed does not. */
const THREADS = Math.min(8, Math.ceil(availableParallelism() * 1.5));
/** Samples in a frame of AAC-LC. */
const AAC_FRAME = 1024;
/** Name of the rendition that holds the sound. */
export const AUDIO_NAME = 'audio';
export const MEDIA_PLAYLIST = 'index.m3u8';

export interface LadderOptions {
  preset: string;
  /** The output is cut here, in s, whatever the source claims. */
  maxDurationS: number;
}

/**
 * Output options of the one process that makes all renditions as fragmented MP4 for HLS below `dir`: `<name>/index.m3u8`
 * with its segments for each rung, and for the sound. Key frames stand at the same times in every rung.
 */
export function ladderArguments(source: Source, rungs: readonly Rung[], dir: string, options: LadderOptions): string[] {
  const { video, audio } = source;
  const { preset, maxDurationS } = options;
  const streams = [
    ...rungs.map((rung, index) => `v:${index},${audio === undefined ? '' : 'agroup:aud,'}name:${rung.name}`),
    ...(audio === undefined ? [] : [`a:0,${rungs.length > 0 ? 'agroup:aud,default:yes,' : ''}name:${AUDIO_NAME}`]),
  ];
  return [
    ...(video === undefined ? [] : ['-filter_complex', ladderGraph(video, rungs, video.outputRate.text)]),
    ...rungs.flatMap((rung, index) => videoArguments(rung, index)),
    ...(video === undefined ? [] : encoderArguments(preset, video.outputRate.value)),
    ...(audio === undefined ? [] : audioArguments(audio.index)),
    '-map_metadata', '-1', '-map_chapters', '-1', '-sn', '-dn', '-t', String(maxDurationS),
    '-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4',
    '-hls_flags', 'independent_segments', '-hls_fmp4_init_filename', 'init.mp4',
    '-hls_segment_filename', posix.join(dir, '%v', 'seg_%05d.m4s'), '-var_stream_map', streams.join(' '),
  ];
}

function videoArguments({ bitrate }: Rung, index: number): string[] {
  return ['-map', `[v${index}]`, `-maxrate:v:${index}`, String(bitrate), `-bufsize:v:${index}`, String(bitrate * 2)];
}

/** Constant quality below each rung's ceiling; no B-frames, so that the first picture is at 0 (fMP4 keeps their delay). */
function encoderArguments(preset: string, frameRate: number): string[] {
  const gop = String(Math.max(1, Math.round(frameRate * KEY_FRAME_SECONDS)));
  return [
    '-c:v', 'libx264', '-threads', String(THREADS), '-preset', preset, '-profile:v', 'high', '-crf', '21', '-bf', '0',
    '-flags', '+cgop', '-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-force_key_frames', `expr:gte(n,n_forced*${gop})`,
  ];
}

/**
 * Stereo AAC; silence fills a late start and gaps, so that sound and picture share their clock. The encoder puts one frame before
 * the first sample, which the muxer would make room for by moving all streams 21 ms from 0: the first frame gives its place.
 */
function audioArguments(index: number): string[] {
  return [
    '-map', `0:${index}`, '-c:a', 'aac', '-b:a', String(AUDIO_BITRATE), '-ac', '2',
    '-af', `aresample=48000:async=1:first_pts=0,atrim=start_sample=${AAC_FRAME}`, '-ar', '48000',
  ];
}

/** Output options for one JPEG of a typical picture. */
export function posterArguments(video: VideoSource, size: { width: number; height: number }): string[] {
  return [
    '-filter_complex', posterGraph(video, size), '-map', '[v]', '-frames:v', '1',
    '-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2', '-update', '1',
  ];
}
