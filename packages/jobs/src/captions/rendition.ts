import type { Segment } from '../media/bandwidth.ts';
import { mediaPlaylist } from '../media/playlist.ts';
import type { Cue } from './cues.ts';
import { webVtt } from './formats.ts';

/** Where the times of cues count from: the clock of our segments begins at 0, in fMP4 as in MPEG-TS. */
const CLOCK = 'X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000';

export interface SubtitleRendition {
  playlist: string;
  /** Files that the playlist names. */
  segments: { uri: string; body: string }[];
}

/**
 * Cues as an HLS rendition (RFC 8216 §3.5) whose segments are as long as those of the video. A cue that goes over the end of a
 * segment stands in both.
 * @param durations lengths of the video's segments, in s
 */
export function subtitleRendition(cues: readonly Cue[], durations: readonly number[]): SubtitleRendition {
  const segments: (Segment & { body: string })[] = [];
  let from = 0;
  let fromMs = 0;
  for (const [index, durationS] of durations.entries()) {
    const isLast = index === durations.length - 1;
    const untilMs = isLast ? Infinity : fromMs + durationS * 1000;
    while (from < cues.length && cues[from]!.endMs <= fromMs) from += 1;
    const shown: Cue[] = [];
    for (let at = from; at < cues.length && cues[at]!.startMs < untilMs; at++) shown.push(cues[at]!);
    const body = webVtt(shown, [CLOCK]);
    segments.push({ uri: `seg_${String(index).padStart(5, '0')}.vtt`, durationS, bytes: Buffer.byteLength(body), body });
    fromMs = untilMs;
  }
  return { playlist: mediaPlaylist({ init: undefined, segments }), segments: segments.map(({ uri, body }) => ({ uri, body })) };
}
