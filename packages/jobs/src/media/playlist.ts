/** One media segment: its file, its length in s, its size in bytes. */
export interface Segment {
  uri: string;
  durationS: number;
  bytes: number;
}

export interface SegmentList {
  /** The initialisation segment (EXT-X-MAP). */
  init: string;
  segments: readonly Segment[];
}

export interface VideoVariant {
  uri: string;
  name: string;
  width: number;
  height: number;
  frameRate: number;
  codecs: string;
  segments: readonly Segment[];
}

export interface AudioTrack {
  uri: string;
  codecs: string;
  segments: readonly Segment[];
}

/** Peak and mean bits per second of segments, as RFC 8216 §4.3.4.2 wants them told. */
export interface Bandwidth {
  peak: number;
  average: number;
}

/** Reads the segments of a media playlist as ffmpeg writes it; sizes come from `bytesOf`. */
export function parseSegments(text: string, bytesOf: (uri: string) => number): SegmentList {
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(text)?.[1];
  if (init === undefined) throw new Error('the media playlist names no initialisation segment');
  const segments = [...text.matchAll(/#EXTINF:([\d.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\s][^\n]*)/g)].map(([, duration, uri]) => {
    const name = (uri ?? '').trim();
    return { uri: name, durationS: Number(duration), bytes: bytesOf(name) };
  });
  return { init, segments };
}

/** The longest segment, rounded as players compare it; never 0, which strict parsers refuse and ffmpeg writes for short clips. */
export function targetDuration(segments: readonly Segment[]): number {
  return Math.max(1, ...segments.map(({ durationS }) => Math.round(durationS)));
}

/** A complete media playlist. */
export function mediaPlaylist({ init, segments }: SegmentList): string {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${targetDuration(segments)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MAP:URI="${init}"`,
    ...segments.flatMap(({ uri, durationS }) => [`#EXTINF:${durationS.toFixed(6)},`, uri]),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n');
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

/** The master playlist: variants from best to least, with the sound as a rendition of its own; or the sound alone. */
export function masterPlaylist(variants: readonly VideoVariant[], audio: AudioTrack | undefined): string {
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (variants.length === 0) {
    if (audio === undefined) throw new Error('a master playlist needs a variant or a sound');
    return [...head, streamInf(bandwidthOf(audio.segments), [`CODECS="${audio.codecs}"`]), audio.uri, ''].join('\n');
  }
  const media = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"';
  const lines = variants.flatMap(({ uri, width, height, frameRate, codecs, segments }) => [
    streamInf(variantBandwidth(segments, audio?.segments), [
      `CODECS="${[codecs, ...(audio === undefined ? [] : [audio.codecs])].join(',')}"`,
      `RESOLUTION=${width}x${height}`,
      `FRAME-RATE=${frameRate.toFixed(3)}`,
      ...(audio === undefined ? [] : ['AUDIO="aud"']),
    ]),
    uri,
  ]);
  return [...head, ...(audio === undefined ? [] : [`${media},URI="${audio.uri}"`]), ...lines, ''].join('\n');
}

function streamInf({ peak, average }: Bandwidth, attributes: readonly string[]): string {
  return `#EXT-X-STREAM-INF:${[`BANDWIDTH=${peak}`, `AVERAGE-BANDWIDTH=${average}`, ...attributes].join(',')}`;
}
