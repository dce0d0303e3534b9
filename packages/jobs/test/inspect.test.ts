import { describe, expect, test } from 'vitest';
import { confirm } from '../src/media/inspect.ts';
import { judge } from '../src/media/judge.ts';
import { createTimeline, type TimelineLimits } from '../src/media/timeline.ts';
import { verify } from '../src/media/transcode.ts';

const limits = { maxDurationS: 3600 };
const rates = (rate: string): object => ({ avg_frame_rate: rate, r_frame_rate: rate });
const video = { index: 0, codec_type: 'video', codec_name: 'h264', width: 1920, height: 1080, ...rates('30/1') };
const report = (stream: object, format: object = {}): object => ({
  format: { format_name: 'mov,mp4', duration: '10.0', ...format },
  streams: [{ ...video, ...stream }],
});
const heavy = { width: 8192, height: 4320, ...rates('60/1') };
const code = (name: string) => expect.objectContaining({ code: name });

describe('judge', () => {
  test.each([
    { name: 'turned by a quarter', stream: { side_data_list: [{ rotation: -90 }] }, size: [1080, 1920] },
    { name: 'turned by a half', stream: { side_data_list: [{ rotation: 180 }] }, size: [1920, 1080] },
    { name: 'wide pixels', stream: { width: 1440, sample_aspect_ratio: '4:3' }, size: [1440, 810] },
    { name: 'narrow pixels', stream: { sample_aspect_ratio: '1:2' }, size: [960, 1080] },
    { name: 'unknown pixels', stream: { sample_aspect_ratio: '0:1' }, size: [1920, 1080] },
  ])('the shown size of $name', ({ stream, size }) => {
    const { video: seen } = judge(report(stream), limits).source;
    expect([seen?.width, seen?.height]).toEqual(size);
  });

  test.each([
    { name: 'a day', input: report({}, { duration: '86400' }), refusal: 'media_too_long' },
    { name: 'more pixels than a decoder may hold', input: report({ width: 16_384, height: 16_384 }), refusal: 'media_too_large' },
    { name: 'more pixels in all', input: report(heavy, { duration: '14000' }), refusal: 'media_too_large' },
    { name: 'no size', input: report({ width: 0, height: 0 }), refusal: 'media_corrupt' },
    { name: 'no streams', input: { format: {}, streams: [] }, refusal: 'no_streams' },
    { name: 'data only', input: { format: {}, streams: [{ index: 0, codec_type: 'data' }] }, refusal: 'no_streams' },
    { name: 'a report that is none', input: { streams: 'x' }, refusal: 'media_corrupt' },
  ])('$name is refused', ({ input, refusal }) => {
    expect(() => judge(input, { maxDurationS: refusal === 'media_too_large' ? 86_400 : 3600 })).toThrow(code(refusal));
  });

  test('the default streams are chosen over the first', () => {
    const second = { ...video, index: 3, disposition: { default: 1 } };
    expect(judge({ format: {}, streams: [video, second] }, limits).source.video?.index).toBe(3);
  });
});

describe('what a source is, for people', () => {
  test('tells of container, codecs and colours, and of bounded tags alone', () => {
    const tags = { TITLE: 'A\u0000 day', location: '+52-1/', encoder: 'x', comment: 'y'.repeat(300) };
    const seen = judge({ format: { format_name: 'matroska,webm', tags }, streams: [{ ...video, color_transfer: 'smpte2084', side_data_list: [{ rotation: 90 }] }] }, limits);
    expect(seen.source.info).toMatchObject({ container: 'matroska', video: { codec: 'h264', frame_rate: 30, rotation: 90, dynamic_range: 'hdr10' } });
    expect(seen.source.info.tags).toEqual({ title: 'A  day', comment: 'y'.repeat(256) });
  });

  test('a codec that needs fewer bits than H.264 gets more', () => {
    const hevc = judge(report({ codec_name: 'hevc', bit_rate: '1000000' }), limits);
    expect(hevc.source.video?.bitrate).toBe(1_600_000);
  });
});

describe('the times of the packets', () => {
  const pictures = { index: 0, pixels: 256, maxPixelsInAll: 1e9 };
  const timeline = (more: Partial<TimelineLimits> = {}) => createTimeline({ maxDurationS: 3600, chosen: [0, 1], video: pictures, mayJump: false, ...more });
  const line = (stream: number, time: number, lasting = 0.04): string => `${stream},${time},${time},${lasting},K_`;

  test('give the length from the first to the end of the last', () => {
    const all = timeline();
    for (const packet of [line(0, 1), line(0, 1.04), line(1, 0.5), 'N/A', '', line(1, 1.5, 0.5)]) all.add(packet);
    expect([all.lengthS(), all.track(0)?.packets, all.track(2)]).toEqual([1.5, 2, undefined]);
  });

  test('leave jumps out where the clock may jump', () => {
    const all = timeline({ mayJump: true });
    for (const packet of [line(0, 1), line(0, 2), line(0, 95_000), line(0, 95_001), line(0, 3), line(0, 4)]) all.add(packet);
    expect(all.lengthS()).toBeCloseTo(3.04);
  });

  test.each([
    { name: 'a gap of ten hours', lines: [line(0, 0), line(0, 36_000)], refusal: 'media_too_long' },
    { name: '1000 pictures a second', lines: Array.from({ length: 2_000 }, (_, i) => line(0, i / 1000, 0.001)), refusal: 'media_too_large' },
    { name: 'all pictures at once', lines: Array.from({ length: 2_000 }, () => line(0, 0, 0)), refusal: 'media_too_large' },
    { name: 'more pixels in all', lines: [line(0, 0), line(0, 1)], video: { ...pictures, pixels: 6e8 }, refusal: 'media_too_large' },
  ])('$name is refused', ({ lines, refusal, video: seen }) => {
    const all = timeline(seen === undefined ? {} : { video: seen });
    expect(() => lines.forEach((packet) => all.add(packet))).toThrow(code(refusal));
  });

  test('of streams that do not count may be what they are', () => {
    const all = timeline();
    expect(() => all.add(line(7, 1e6))).not.toThrow();
  });

  test('are held against what the headers declare', () => {
    const judged = judge(report({}), limits);
    const found = (lengthS: number, streams: number[]) => ({
      lengthS: () => lengthS,
      track: (index: number) => (streams.includes(index) ? { packets: 1, lengthS, firstS: 0 } : undefined),
    });
    expect(confirm(judged, found(9.9, [0]))).toMatchObject({ durationS: 9.9, video: { index: 0 } });
    expect(() => confirm(judged, found(6, [0]))).toThrow(code('media_truncated'));
    expect(() => confirm(judged, found(10, []))).toThrow(code('media_corrupt'));
  });
});

describe('verify', () => {
  const source = { durationS: 10, video: undefined };
  const whole = { videoS: 10, audioS: undefined, faults: 0 };

  test.each([whole, { ...whole, videoS: 9.6 }, { ...whole, faults: 5 }])('%j is good enough', (made) => {
    expect(() => verify(source, made, 60)).not.toThrow();
  });

  test.each([
    { made: { ...whole, videoS: 8 }, refusal: 'media_truncated' },
    { made: { ...whole, videoS: undefined }, refusal: 'media_corrupt' },
    { made: { ...whole, faults: 12 }, refusal: 'media_corrupt' },
    { made: { ...whole, videoS: 61, audioS: 3 }, refusal: 'media_too_long' },
  ])('$made is refused as $refusal', ({ made, refusal }) => {
    expect(() => verify(source, made, 60)).toThrow(code(refusal));
  });
});
