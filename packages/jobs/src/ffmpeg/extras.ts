import type { VideoSource } from '../media/source.ts';
import { posterGraph } from './filters.ts';

/** Output options for one JPEG of a typical picture of a source. */
export function posterArguments(video: VideoSource, size: { width: number; height: number }): string[] {
  return [
    '-filter_complex', posterGraph(video, size), '-map', '[v]', '-frames:v', '1',
    '-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2', '-update', '1',
  ];
}

export interface SpriteOptions {
  /** Every how many key frames there is a tile. */
  every: number;
  tile: { width: number; height: number };
  columns: number;
  rows: number;
}

/** Output options for sheets of tiles (`%03d` in the output's name) from a rendition of which only key frames are decoded. */
export function spriteArguments({ every, tile, columns, rows }: SpriteOptions): string[] {
  const steps = [`select='not(mod(n,${every}))'`, `scale=${tile.width}:${tile.height}`, `tile=${columns}x${rows}`];
  return ['-an', '-vf', steps.join(','), '-fps_mode', 'passthrough', '-c:v', 'mjpeg', '-q:v', '5', '-f', 'image2', '-start_number', '0'];
}

/** Output options that join the pictures of `count` inputs to one short MP4 without sound. */
export function previewArguments({ count, preset, frameRate }: { count: number; preset: string; frameRate: string }): string[] {
  const pieces = Array.from({ length: count }, (_, index) => `[${index}:v]setpts=PTS-STARTPTS[p${index}]`);
  const joined = `${Array.from({ length: count }, (_, index) => `[p${index}]`).join('')}concat=n=${count}:v=1:a=0,fps=${frameRate}[v]`;
  return [
    '-filter_complex', [...pieces, joined].join(';'), '-map', '[v]', '-map_metadata', '-1',
    '-c:v', 'libx264', '-preset', preset, '-crf', '26', '-pix_fmt', 'yuv420p', '-movflags', '+faststart', '-f', 'mp4',
  ];
}

/** Output options for one MP4 that can be played while it loads, from renditions, without encoding anything anew. */
export function downloadArguments(inputs: number, format: 'mp4' | 'ipod'): string[] {
  const maps = Array.from({ length: inputs }, (_, index) => ['-map', `${index}:0`]).flat();
  return [...maps, '-c', 'copy', '-bsf:a', 'aac_adtstoasc', '-map_metadata', '-1', '-movflags', '+faststart', '-f', format];
}
