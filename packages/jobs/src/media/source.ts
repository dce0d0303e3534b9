import type { FrameRate } from './frame-rate.ts';
import type { MediaInfo } from './media-info.ts';

/** What the pipeline needs to know of a source file. Sizes are as shown: rotated, with square pixels. */
export interface Source {
  /** By the times of its packets, in s; before they are known what the headers say, if they do. */
  durationS: number | undefined;
  video: VideoSource | undefined;
  audio: { index: number } | undefined;
  /** For people; nothing is decided by it. */
  info: MediaInfo;
}

export interface VideoSource {
  /** Number of the stream in the file. */
  index: number;
  width: number;
  height: number;
  /** Bits per second that H.264 would need for the same; undefined when nothing tells. */
  bitrate: number | undefined;
  /** The steady rate of the renditions. */
  outputRate: FrameRate;
  colour: Colour;
  interlaced: boolean;
}

/** What a file says of its colours, in ffmpeg's words; undefined where it says nothing. */
export interface Colour {
  primaries: string | undefined;
  transfer: string | undefined;
  matrix: string | undefined;
}
