import { parse, setOptions, types } from 'hls-parser';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { avcCodec } from '../src/media/codecs.ts';
import { bandwidthOf, targetDuration, type Segment } from '../src/media/bandwidth.ts';
import { masterPlaylist, withSubtitles } from '../src/media/master.ts';
import { growingPlaylist, mediaPlaylist, parseSegments } from '../src/media/playlist.ts';

beforeAll(() => setOptions({ strictMode: true }));

const segment = fc.record({
  uri: fc.constant('seg.m4s'),
  durationS: fc.double({ min: 0.02, max: 12, noNaN: true }),
  bytes: fc.integer({ min: 1, max: 10_000_000 }),
});
const segments = fc.array(segment, { minLength: 1, maxLength: 12 });
const of = (...list: [durationS: number, bytes: number][]): Segment[] =>
  list.map(([durationS, bytes], i) => ({ uri: `s${i}.m4s`, durationS, bytes }));

describe('mediaPlaylist', () => {
  test('parses strictly, and no segment is longer than the target duration', () => {
    fc.assert(
      fc.property(segments, (list) => {
        const playlist = parse(mediaPlaylist({ init: 'init.mp4', segments: list }));
        if (!(playlist instanceof types.MediaPlaylist)) throw new Error('not a media playlist');
        expect(playlist.targetDuration).toBeGreaterThanOrEqual(1);
        expect(playlist.endlist).toBe(true);
        expect(playlist.segments).toHaveLength(list.length);
        for (const { duration } of playlist.segments) expect(Math.round(duration)).toBeLessThanOrEqual(playlist.targetDuration);
      }),
    );
  });

  test('a clip of under half a second has a target duration of 1', () => {
    expect(targetDuration(of([0.4, 100]))).toBe(1);
  });

  test('what is written is read again', () => {
    const list = of([6.006, 100], [0.5, 7]);
    const text = mediaPlaylist({ init: 'init_0.mp4', segments: list });
    expect(parseSegments(text)).toEqual({ init: 'init_0.mp4', segments: list.map(({ uri, durationS }) => ({ uri, durationS })) });
  });

  test('one of MPEG-TS has no initialisation segment', () => {
    const playlist = parse(mediaPlaylist({ init: undefined, segments: of([6, 100]) }));
    if (!(playlist instanceof types.MediaPlaylist)) throw new Error('not a media playlist');
    expect([playlist.version, playlist.segments[0]?.map]).toEqual([6, null]);
  });

  test('one that grows begins at its start, has no end, and keeps its target duration', () => {
    const [first, second] = [of([6, 1]), of([6, 1], [0.5, 1])].map((list) => growingPlaylist({ init: 'init.mp4', segments: list }, 6));
    const playlist = parse(second!);
    if (!(playlist instanceof types.MediaPlaylist)) throw new Error('not a media playlist');
    expect(playlist).toMatchObject({ endlist: false, playlistType: 'EVENT', targetDuration: 6, start: { offset: 0 } });
    expect(second?.startsWith(first!)).toBe(true);
  });
});

describe('bandwidthOf', () => {
  test('the peak is never under the mean', () => {
    fc.assert(
      fc.property(segments, (list) => {
        const { peak, average } = bandwidthOf(list);
        expect(peak).toBeGreaterThanOrEqual(average);
      }),
    );
  });

  test('is the rate of the heaviest segment', () => {
    expect(bandwidthOf(of([6, 6000], [6, 12_000], [6, 3000]))).toEqual({ peak: 16_000, average: Math.ceil((21_000 * 8) / 18) });
  });

  test('a short last segment does not count for more than it is', () => {
    expect(bandwidthOf(of([6, 6000], [0.1, 6000])).peak).toBe(Math.ceil((12_000 * 8) / 6.1));
  });

  test('of a clip with one short segment it is the whole', () => {
    expect(bandwidthOf(of([0.5, 1000]))).toEqual({ peak: 16_000, average: 16_000 });
  });
});

describe('masterPlaylist', () => {
  const video = { uri: '360p/index.m3u8', name: '360p', width: 640, height: 360, frameRate: 30_000 / 1001, codecs: 'avc1.64001E' };
  const audio = { uri: 'audio/index.m3u8', codecs: 'mp4a.40.2', segments: of([6, 96_000]) };

  function parsed(text: string) {
    const playlist = parse(text);
    if (!(playlist instanceof types.MasterPlaylist)) throw new Error('not a master playlist');
    return playlist;
  }

  test('tells of each variant with its sound', () => {
    const [variant] = parsed(masterPlaylist([{ ...video, segments: of([6, 600_000]) }], audio)).variants;
    expect(variant).toMatchObject({
      uri: '360p/index.m3u8',
      bandwidth: 928_000,
      averageBandwidth: 928_000,
      codecs: 'avc1.64001E,mp4a.40.2',
      resolution: { width: 640, height: 360 },
      frameRate: 29.97,
    });
    expect(variant?.audio).toMatchObject([{ uri: 'audio/index.m3u8', groupId: 'aud', isDefault: true }]);
  });

  test('a silent video has no sound group', () => {
    const [variant] = parsed(masterPlaylist([{ ...video, segments: of([6, 600_000]) }], undefined)).variants;
    expect(variant).toMatchObject({ bandwidth: 800_000, codecs: 'avc1.64001E', audio: [] });
  });

  test('sound alone is a variant of its own', () => {
    const [variant] = parsed(masterPlaylist([], audio)).variants;
    expect(variant).toMatchObject({ uri: 'audio/index.m3u8', codecs: 'mp4a.40.2', bandwidth: 128_000, audio: [] });
    expect(variant?.resolution).toBeUndefined();
  });
});

describe('withSubtitles', () => {
  const video = { uri: '360p/index.m3u8', name: '360p', width: 640, height: 360, frameRate: 30, codecs: 'avc1.64001E', segments: of([6, 600_000]) };
  const master = masterPlaylist([video, { ...video, uri: '144p/index.m3u8', name: '144p' }], undefined);
  const english = { uri: 'subs/en.m3u8', language: 'en', name: 'English' };

  test('ties every variant to the tracks', () => {
    const playlist = parse(withSubtitles(master, [english, { uri: 'subs/de.m3u8', language: 'de', name: 'Deutsch' }]));
    if (!(playlist instanceof types.MasterPlaylist)) throw new Error('not a master playlist');
    expect(playlist.variants).toHaveLength(2);
    for (const { subtitles } of playlist.variants) expect(subtitles).toMatchObject([{ language: 'en', uri: 'subs/en.m3u8' }, { language: 'de' }]);
  });

  test('replaces those that were there, and given none takes them out', () => {
    const once = withSubtitles(master, [english]);
    expect(withSubtitles(once, [english])).toBe(once);
    expect(withSubtitles(once, [])).toBe(master);
  });

  test('lets no name break out of its quotes, and no language be anything', () => {
    expect(withSubtitles(master, [{ ...english, name: 'x",URI="http://evil\n#EXT' }])).toContain('NAME="x’,URI=’http://evil #EXT"');
    expect(() => withSubtitles(master, [{ ...english, language: 'en",URI="x' }])).toThrow(RangeError);
    expect(() => withSubtitles(master, [english, english])).toThrow(RangeError);
  });
});

describe('avcCodec', () => {
  test('reads profile, constraints and level', () => {
    const init = Buffer.concat([Buffer.from('....avcC', 'latin1'), Buffer.from([1, 0x64, 0x00, 0x28, 0xff])]);
    expect(avcCodec(init)).toBe('avc1.640028');
  });

  test('reads them in a segment of MPEG-TS', () => {
    expect(avcCodec(Buffer.from([0x47, 0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x67, 0x64, 0x00, 0x1e, 0xac]))).toBe('avc1.64001E');
  });

  test('a segment without either is refused', () => {
    expect(() => avcCodec(Buffer.from('moov'))).toThrow(/H\.264/);
  });
});
