import { describe, expect, it } from 'vitest';
import { planStoryboard, storyboardTrack } from '../../../jobs/src/media/storyboard.ts';
import { parseStoryboard, tileAt } from '../../src/videos/player/storyboard.ts';

const track = storyboardTrack(planStoryboard({ durationS: 205, keyFrameS: 2, width: 256, height: 144 }), 205);
const tiles = parseStoryboard(track, 'https://cdn.test/files/x/media/m1/storyboard/storyboard.vtt');

describe('the storyboard', () => {
  it('is read as the media job writes it', () => {
    expect(tiles).toHaveLength(103);
    expect(tiles[101]).toEqual({
      from: 202,
      to: 204,
      sheet: 'https://cdn.test/files/x/media/m1/storyboard/sheet_001.jpg',
      x: 160,
      y: 0,
      width: 160,
      height: 90,
    });
  });

  it('has a tile for every time, and none when there are none', () => {
    expect([0, 1.99, 2, 204.9, 1e6].map((time) => tileAt(tiles, time)?.from)).toEqual([0, 0, 2, 204, 204]);
    expect(tileAt([], 1)).toBeUndefined();
  });

  it('takes times without hours and windows line ends, and passes other cues over', () => {
    const text = 'WEBVTT\r\n\r\n00:00.000 --> 00:02.500\r\nhttps://other.test/a.jpg#xywh=1,2,3,4\r\n\r\n00:02.500 --> 00:03.000\r\nwords\r\n';
    expect(parseStoryboard(text, 'https://cdn.test/x.vtt')).toEqual([
      { from: 0, to: 2.5, sheet: 'https://other.test/a.jpg', x: 1, y: 2, width: 3, height: 4 },
    ]);
  });
});
