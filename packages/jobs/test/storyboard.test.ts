import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { previewPieces } from '../src/media/extras.ts';
import { planStoryboard, storyboardTrack } from '../src/media/storyboard.ts';

describe('a storyboard', () => {
  test('of 20 seconds has a tile for each key frame, ten in a row', () => {
    const plan = planStoryboard({ durationS: 21, keyFrameS: 2, width: 256, height: 144 });
    expect(plan).toEqual({ every: 1, intervalS: 2, tile: { width: 160, height: 90 }, columns: 10, rows: 2, tiles: 11 });
    const track = storyboardTrack(plan, 21);
    expect(track).toContain('00:00:02.000 --> 00:00:04.000\nsheet_000.jpg#xywh=160,0,160,90\n');
    expect(track).toContain('00:00:20.000 --> 00:00:21.000\nsheet_000.jpg#xywh=0,90,160,90\n');
  });

  test('goes on with the next sheet after a hundred tiles', () => {
    const track = storyboardTrack(planStoryboard({ durationS: 202, keyFrameS: 2, width: 144, height: 256 }), 202);
    expect(track).toContain('00:03:20.000 --> 00:03:22.000\nsheet_001.jpg#xywh=0,0,90,160\n');
  });

  test('covers any length without a gap, with a bounded number of tiles, each inside its sheet', () => {
    const side = fc.integer({ min: 2, max: 4000 });
    const video = fc.record({ durationS: fc.double({ min: 0.02, max: 86_400, noNaN: true }), keyFrameS: fc.double({ min: 1, max: 4, noNaN: true }), width: side, height: side });
    fc.assert(
      fc.property(video, (from) => {
        const plan = planStoryboard(from);
        expect(plan.tiles).toBeGreaterThan(0);
        expect(plan.tiles).toBeLessThanOrEqual(1000);
        expect(plan.tiles * plan.intervalS).toBeGreaterThanOrEqual(from.durationS - 0.01);
        const cues = [...storyboardTrack(plan, from.durationS).matchAll(/(\S+) --> (\S+)\n\S+#xywh=(\d+),(\d+),/g)];
        expect(cues).toHaveLength(plan.tiles);
        cues.slice(1).forEach(([, start], index) => expect(start).toBe(cues[index]![2]));
        for (const [, , , x, y] of cues) {
          expect(Number(x)).toBeLessThan(plan.columns * plan.tile.width);
          expect(Number(y)).toBeLessThan(plan.rows * plan.tile.height);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a preview', () => {
  const of = (...lengths: number[]) => previewPieces(lengths.map((durationS, index) => ({ uri: `s${index}`, durationS, bytes: 1 })));

  test('is a short video whole, else pieces from all over', () => {
    expect(of(0.04)).toEqual([{ uri: 's0', lastingS: 6 }]);
    expect(of(6, 0.5)).toEqual([{ uri: 's0', lastingS: 4 }]);
    expect(of(6, 6, 2)).toEqual(['s0', 's1', 's2'].map((uri) => ({ uri, lastingS: 4 / 3 })));
    expect(of(...Array.from({ length: 100 }, () => 6)).map(({ uri }) => uri)).toEqual(['s10', 's35', 's60', 's85']);
  });
});
