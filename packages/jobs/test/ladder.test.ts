import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outputFrameRate } from '../src/media/frame-rate.ts';
import { fitShortSide, planLadder } from '../src/media/ladder.ts';

const side = fc.integer({ min: 2, max: 8192 });
const source = fc.record({
  width: side,
  height: side,
  frameRate: fc.double({ min: 1, max: 60, noNaN: true }),
  bitrate: fc.option(fc.integer({ min: 20_000, max: 200_000_000 }), { nil: undefined }),
});

describe('planLadder', () => {
  test('never makes a picture larger than the source, and sides are even', () => {
    fc.assert(
      fc.property(source, (from) => {
        for (const { width, height } of planLadder(from)) {
          expect(width).toBeLessThanOrEqual(from.width);
          expect(height).toBeLessThanOrEqual(from.height);
          expect([width % 2, height % 2]).toEqual([0, 0]);
        }
      }),
    );
  });

  test('is never empty, goes from large to small, and no two rungs are alike', () => {
    fc.assert(
      fc.property(source, (from) => {
        const rungs = planLadder(from);
        expect(rungs.length).toBeGreaterThan(0);
        const pixels = rungs.map(({ width, height }) => width * height);
        expect(pixels).toEqual(pixels.toSorted((a, b) => b - a));
        expect(new Set(rungs.map(({ name }) => name)).size).toBe(rungs.length);
      }),
    );
  });

  test('gives no rung more than 1.3 times the bits of the source', () => {
    fc.assert(
      fc.property(source, (from) => {
        for (const { bitrate } of planLadder(from)) expect(bitrate).toBeLessThanOrEqual(Math.ceil((from.bitrate ?? Infinity) * 1.3));
      }),
    );
  });

  test.each([
    { from: [1920, 1080], names: ['1080p', '720p', '480p', '360p', '240p', '144p'] },
    { from: [1080, 1920], names: ['1080p', '720p', '480p', '360p', '240p', '144p'] },
    { from: [3840, 2160], names: ['2160p', '1440p', '1080p', '720p', '480p', '360p', '240p', '144p'] },
    { from: [641, 361], names: ['360p', '240p', '144p'] },
    { from: [100, 75], names: ['74p'] },
  ])('rungs of $from are $names', ({ from, names }) => {
    const [width = 0, height = 0] = from;
    expect(planLadder({ width, height, frameRate: 30, bitrate: undefined }).map(({ name }) => name)).toEqual(names);
  });

  test('a limit takes the rungs above it away', () => {
    const wide = { width: 3840, height: 2160, frameRate: 30, bitrate: undefined };
    expect(planLadder(wide, 1080)[0]?.name).toBe('1080p');
    expect(planLadder({ ...wide, width: 100, height: 100 }, 1080)[0]?.name).toBe('100p');
  });

  test('rates come from pixels, frames and bits per pixel', () => {
    const [top] = planLadder({ width: 1920, height: 1080, frameRate: 30, bitrate: undefined });
    expect(top?.bitrate).toBe(1920 * 1080 * 30 * 0.1);
  });

  test('the short side of a tall picture is its width', () => {
    expect(fitShortSide({ width: 1080, height: 1920 }, 720)).toEqual({ width: 720, height: 1280 });
  });
});

describe('outputFrameRate', () => {
  test.each([
    { mean: '30/1', base: '30/1', text: '30' },
    { mean: '30000/1001', base: '30000/1001', text: '30000/1001' },
    { mean: '29750/1000', base: '90000/1', text: '30000/1001' }, // A varying source.
    { mean: '120/1', base: '120/1', text: '120/2' },
    { mean: '1000/1', base: '1000/1', text: '1000/17' },
    { mean: '120000/1001', base: '120000/1001', text: '120000/2002' },
    { mean: '1/10', base: '1/10', text: '1' },
    { mean: '0/0', base: '0/0', text: '25' },
    { mean: undefined, base: undefined, text: '25' },
  ])('$mean over $base gives $text', ({ mean, base, text }) => {
    expect(outputFrameRate(mean, base).text).toBe(text);
  });

  test('is never over 60 nor under 1', () => {
    const natural = fc.integer({ min: 0, max: 999_999_999 });
    const rate = fc.tuple(natural, natural).map(([over, under]) => `${over}/${under}`);
    fc.assert(
      fc.property(rate, rate, (mean, base) => {
        const { value, text } = outputFrameRate(mean, base);
        const [over = 0, under = 1] = text.split('/').map(Number);
        expect(value).toBeCloseTo(over / under, 9);
        expect(value).toBeLessThanOrEqual(60 + 1e-6);
        expect(value).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
