import { targetDuration, type Segment } from './bandwidth.ts';

export interface SegmentList {
  /** The initialisation segment (EXT-X-MAP); MPEG-TS has none. */
  init: string | undefined;
  segments: readonly Segment[];
}

/** Reads the segments of a media playlist as ffmpeg writes it, which says nothing of their sizes. */
export function parseSegments(text: string): { init: string | undefined; segments: Omit<Segment, 'bytes'>[] } {
  const segments = [...text.matchAll(/#EXTINF:([\d.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\s][^\n]*)/g)].map(([, duration, uri]) => {
    return { uri: (uri ?? '').trim(), durationS: Number(duration) };
  });
  return { init: /#EXT-X-MAP:URI="([^"]+)"/.exec(text)?.[1], segments };
}

/** A complete media playlist. */
export function mediaPlaylist(list: SegmentList): string {
  return [...head(list, targetDuration(list.segments), 'VOD'), ...body(list), '#EXT-X-ENDLIST', ''].join('\n');
}

/**
 * A media playlist that grows at its end until it is replaced by the complete one. Players begin at its start, not at its end
 * as they would for a live stream.
 * @param targetS at least as long as any segment to come: it must not change later (RFC 8216 §6.2.1)
 */
export function growingPlaylist(list: SegmentList, targetS: number): string {
  return [...head(list, Math.max(targetS, targetDuration(list.segments)), 'EVENT'), ...body(list), ''].join('\n');
}

function head({ init }: SegmentList, targetS: number, type: 'VOD' | 'EVENT'): string[] {
  return [
    '#EXTM3U',
    `#EXT-X-VERSION:${init === undefined ? 6 : 7}`,
    `#EXT-X-TARGETDURATION:${targetS}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${type}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(type === 'EVENT' ? ['#EXT-X-START:TIME-OFFSET=0'] : []),
    ...(init === undefined ? [] : [`#EXT-X-MAP:URI="${init}"`]),
  ];
}

function body({ segments }: SegmentList): string[] {
  return segments.flatMap(({ uri, durationS }) => [`#EXTINF:${durationS.toFixed(6)},`, uri]);
}
