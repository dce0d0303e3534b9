/** One media segment: its file, its length in s, its size in bytes. */
export interface Segment {
  uri: string;
  durationS: number;
  bytes: number;
}

/** Peak and mean bits per second of segments, as RFC 8216 §4.3.4.2 wants them told. */
export interface Bandwidth {
  peak: number;
  average: number;
}

/** The longest segment, rounded as players compare it; never 0, which strict parsers refuse and ffmpeg writes for short clips. */
export function targetDuration(segments: readonly Segment[]): number {
  return Math.max(1, ...segments.map(({ durationS }) => Math.round(durationS)));
}

/**
 * Bandwidth of a rendition. The peak is that of any run of segments which together last between half and one and a half target
 * durations, so that a short last segment does not count for more than it is; of a clip shorter than that, the whole.
 */
export function bandwidthOf(segments: readonly Segment[]): Bandwidth {
  const target = targetDuration(segments);
  const average = bitsPerSecond(segments);
  let peak = average;
  segments.forEach((_, from) => {
    for (let to = from + 1; to <= segments.length; to++) {
      const run = segments.slice(from, to);
      const lasts = secondsOf(run);
      if (lasts > target * 1.5) break;
      if (lasts >= target * 0.5) peak = Math.max(peak, bitsPerSecond(run));
    }
  });
  return { peak: Math.ceil(peak), average: Math.ceil(average) };
}

export function secondsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { durationS }) => sum + durationS, 0);
}

function bitsPerSecond(segments: readonly Segment[]): number {
  const seconds = secondsOf(segments);
  return seconds === 0 ? 0 : (segments.reduce((sum, { bytes }) => sum + bytes, 0) * 8) / seconds;
}

/** The bandwidth of a variant together with the sound that is played with it. */
export function variantBandwidth(video: readonly Segment[], audio: readonly Segment[] | undefined): Bandwidth {
  const own = bandwidthOf(video);
  const sound = audio === undefined ? { peak: 0, average: 0 } : bandwidthOf(audio);
  return { peak: own.peak + sound.peak, average: own.average + sound.average };
}
