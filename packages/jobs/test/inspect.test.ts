import { describe, expect, test } from 'vitest';
import { judge } from '../src/media/inspect.ts';
import { verifyLength } from '../src/media/transcode.ts';

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
    const { video: seen } = judge(report(stream), limits);
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
    expect(judge({ format: {}, streams: [video, second] }, limits).video?.index).toBe(3);
  });
});

describe('verifyLength', () => {
  const source = judge(report({}), limits);

  test('a little less than declared is fine', () => {
    expect(() => verifyLength(source, { videoS: 9.6, audioS: undefined }, 60)).not.toThrow();
  });

  test.each([
    { made: { videoS: 8, audioS: undefined }, refusal: 'media_truncated' },
    { made: { videoS: undefined, audioS: undefined }, refusal: 'media_corrupt' },
    { made: { videoS: 61, audioS: 3 }, refusal: 'media_too_long' },
  ])('$made is refused as $refusal', ({ made, refusal }) => {
    expect(() => verifyLength(source, made, 60)).toThrow(code(refusal));
  });

  test('a length that was only estimated proves nothing', () => {
    expect(() => verifyLength({ ...source, durationDeclared: false }, { videoS: undefined, audioS: 4 }, 60)).not.toThrow();
  });
});
