import { bandwidthOf, variantBandwidth, type Bandwidth, type Segment } from './bandwidth.ts';

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

/** A rendition of words: a playlist of WebVTT segments. */
export interface SubtitleTrack {
  uri: string;
  /** BCP 47, like `en` or `pt-BR`. */
  language: string;
  /** As a menu shows it. */
  name: string;
}

const HEAD = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
const AUDIO_GROUP = 'aud';
const SUBTITLE_GROUP = 'subs';
const LANGUAGE = /^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$/;

/** The master playlist: variants from best to least, with the sound as a rendition of its own; or the sound alone. */
export function masterPlaylist(variants: readonly VideoVariant[], audio: AudioTrack | undefined): string {
  if (variants.length === 0) {
    if (audio === undefined) throw new Error('a master playlist needs a variant or a sound');
    return [...HEAD, streamInf(bandwidthOf(audio.segments), [`CODECS="${audio.codecs}"`]), audio.uri, ''].join('\n');
  }
  const lines = variants.flatMap(({ uri, width, height, frameRate, codecs, segments }) => [
    streamInf(variantBandwidth(segments, audio?.segments), [
      `CODECS="${[codecs, ...(audio === undefined ? [] : [audio.codecs])].join(',')}"`,
      `RESOLUTION=${width}x${height}`,
      `FRAME-RATE=${frameRate.toFixed(3)}`,
      ...(audio === undefined ? [] : [`AUDIO="${AUDIO_GROUP}"`]),
    ]),
    uri,
  ]);
  const sound = `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${AUDIO_GROUP}",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"`;
  return [...HEAD, ...(audio === undefined ? [] : [`${sound},URI="${audio.uri}"`]), ...lines, ''].join('\n');
}

/**
 * A master playlist with these subtitles and no others: each variant is tied to them. Given none, the playlist has none.
 * @throws RangeError for a language that is no tag of BCP 47, or two tracks of one name
 */
export function withSubtitles(master: string, tracks: readonly SubtitleTrack[]): string {
  const names = tracks.map(({ name }) => quotable(name));
  if (new Set(names).size < names.length) throw new RangeError('subtitle tracks need names of their own');
  const media = tracks.map(({ uri, language }, index) => {
    if (!LANGUAGE.test(language)) throw new RangeError(`${JSON.stringify(language)} is no language tag`);
    const choice = `DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,LANGUAGE="${language}"`;
    return `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="${SUBTITLE_GROUP}",NAME="${names[index]}",${choice},URI="${quotable(uri)}"`;
  });
  const tie = tracks.length === 0 ? '' : `,SUBTITLES="${SUBTITLE_GROUP}"`;
  const lines = master
    .split('\n')
    .filter((line) => !line.startsWith('#EXT-X-MEDIA:TYPE=SUBTITLES'))
    .map((line) => (line.startsWith('#EXT-X-STREAM-INF:') ? line.replace(`,SUBTITLES="${SUBTITLE_GROUP}"`, '') + tie : line));
  const first = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:'));
  return lines.toSpliced(first, 0, ...media).join('\n');
}

/** Text that fits between quotes in a playlist (RFC 8216 §4.2). */
function quotable(text: string): string {
  return text.replaceAll('"', '\u2019').replace(/[\r\n]+/g, ' ');
}

function streamInf({ peak, average }: Bandwidth, attributes: readonly string[]): string {
  return `#EXT-X-STREAM-INF:${[`BANDWIDTH=${peak}`, `AVERAGE-BANDWIDTH=${average}`, ...attributes].join(',')}`;
}
