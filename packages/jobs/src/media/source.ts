import type { FrameRate } from './frame-rate.ts';

/** What the pipeline needs to know of a source file. Sizes are as shown: rotated, with square pixels. */
export interface Source {
  /** Undefined when nothing tells. */
  durationS: number | undefined;
  /** The container declares that length; else it is an estimate that a sound file may well miss. */
  durationDeclared: boolean;
  video: VideoSource | undefined;
  audio: { index: number } | undefined;
}

export interface VideoSource {
  /** Number of the stream in the file. */
  index: number;
  width: number;
  height: number;
  /** Bits per second; undefined when nothing tells. */
  bitrate: number | undefined;
  /** The steady rate of the renditions. */
  outputRate: FrameRate;
  hdr: boolean;
  interlaced: boolean;
}
