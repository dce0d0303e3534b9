import { describe, expect, it } from 'vitest';
import { formatBitrate, formatBytes, formatClock, formatRemaining } from '../../src/videos/format.ts';
import { RateMeter } from '../../src/videos/rate.ts';
import { reasonInWords } from '../../src/videos/reasons.ts';

describe('numbers for people', () => {
  it('gives bytes with the digits that matter', () => {
    expect([0, 999, 999_499, 999_600, 3_140_000, 64_200_000_000].map(formatBytes)).toEqual(['0 B', '999 B', '999 kB', '1.0 MB', '3.1 MB', '64 GB']);
  });

  it('gives rates as players do', () => {
    expect([262_000, 999_499, 999_500, 3_400_000].map(formatBitrate)).toEqual(['262 kbit/s', '999 kbit/s', '1.0 Mbit/s', '3.4 Mbit/s']);
  });

  it('gives running times as players do', () => {
    expect([0, 6_600, 750_000, 3_723_000].map(formatClock)).toEqual(['0:00', '0:07', '12:30', '1:02:03']);
  });

  it('gives remaining times the coarser the longer they are', () => {
    expect([900, 12_000, 54_900, 59_000, 170_000, 5_400_000].map(formatRemaining)).toEqual([
      'a few seconds left',
      'about 15 s left',
      'about 55 s left',
      'about 1 min left',
      'about 3 min left',
      'about 1.5 h left',
    ]);
  });
});

describe('the speed of an upload', () => {
  it('is not told before there is enough to tell it', () => {
    const meter = new RateMeter();
    expect(meter.add(0, 0)).toBeNull();
    expect(meter.add(100, 50_000)).toBeNull();
  });

  it('is that of the last seconds, not of the whole upload', () => {
    const meter = new RateMeter();
    for (let second = 0; second <= 10; second++) meter.add(second * 1000, second * 1_000_000);
    let rate: number | null = null;
    for (let second = 11; second <= 20; second++) rate = meter.add(second * 1000, 10_000_000 + (second - 10) * 100_000);
    expect(rate).toBe(100_000);
  });
});

describe('the reason of a failure', () => {
  it('is told in words, and by the server for a code without', () => {
    expect(reasonInWords('empty_file', 'The file is empty.')).toContain('may not have finished');
    expect(reasonInWords('of_tomorrow', 'Something new.')).toBe('Something new.');
    expect(reasonInWords('of_tomorrow', '')).toBe('Something went wrong on the server.');
  });
});
