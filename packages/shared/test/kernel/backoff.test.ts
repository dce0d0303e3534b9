import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fullJitter } from '../../src/kernel/index.ts';

const anyBackoff = fc.record({ baseMs: fc.integer({ min: 0, max: 60_000 }), maxMs: fc.integer({ min: 0, max: 3_600_000 }) });

it('waits between nothing and a ceiling that doubles up to the most', () => {
  fc.assert(
    fc.property(anyBackoff, fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (backoff, attempt, random) => {
      const wait = fullJitter(backoff, attempt, () => random);
      expect(Number.isInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(Math.min(backoff.maxMs, backoff.baseMs * 2 ** (attempt - 1)));
    }),
  );
  const ceilings = [1, 2, 3, 4, 5].map((attempt) => fullJitter({ baseMs: 100, maxMs: 1_000 }, attempt, () => 1));
  expect(ceilings).toEqual([100, 200, 400, 800, 1_000]);
});
