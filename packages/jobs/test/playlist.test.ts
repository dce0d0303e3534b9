import { parse, setOptions, types } from 'hls-parser';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { avcCodec } from '../src/media/codecs.ts';
import { bandwidthOf, masterPlaylist, mediaPlaylist, parseSegments, targetDuration, type Segment } from '../src/media/playlist.ts';

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
    const read = parseSegments(text, (uri) => list.find((one) => one.uri === uri)?.bytes ?? 0);
    expect(read).toEqual({ init: 'init_0.mp4', segments: list });
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

describe('avcCodec', () => {
  test('reads profile, constraints and level', () => {
    const init = Buffer.concat([Buffer.from('....avcC', 'latin1'), Buffer.from([1, 0x64, 0x00, 0x28, 0xff])]);
    expect(avcCodec(init)).toBe('avc1.640028');
  });

  test('a segment without the box is refused', () => {
    expect(() => avcCodec(Buffer.from('moov'))).toThrow(/avcC/);
  });
});
