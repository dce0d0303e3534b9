/** Short side of a tile, and the most of its long one: 160 × 90 for a usual video. */
const TILE_SHORT_SIDE = 90;
const TILE_LONG_SIDE = 320;
const SHEET_SIDE = 10;
/** Of a long video there are tiles at larger steps, never more than these. */
const MAX_TILES = 1_000;

/** A strip of small pictures for the seek bar: which there are, and where they stand on the sheets. */
export interface Storyboard {
  /** Every how many key frames there is a tile, and how long that is, in s. */
  every: number;
  intervalS: number;
  tile: { width: number; height: number };
  columns: number;
  rows: number;
  tiles: number;
}

/** @param video its length and the time between its key frames in s, and its size */
export function planStoryboard(video: { durationS: number; keyFrameS: number; width: number; height: number }): Storyboard {
  const { durationS, keyFrameS, width, height } = video;
  const keyFrames = Math.max(1, Math.ceil(durationS / keyFrameS - 1e-3));
  const every = Math.ceil(keyFrames / MAX_TILES);
  const tiles = Math.ceil(keyFrames / every);
  const columns = Math.min(SHEET_SIDE, tiles);
  const scale = Math.min(1, TILE_SHORT_SIDE / Math.min(width, height), TILE_LONG_SIDE / Math.max(width, height));
  return {
    every,
    intervalS: every * keyFrameS,
    tile: { width: even(width * scale), height: even(height * scale) },
    columns,
    rows: Math.min(SHEET_SIDE, Math.ceil(tiles / columns)),
    tiles,
  };
}

/** File name of a sheet. */
export const sheetName = (index: number): string => `sheet_${String(index).padStart(3, '0')}.jpg`;

/** The WebVTT track that players read: for each stretch of time the place of its tile, as a media fragment (`#xywh=`). */
export function storyboardTrack({ intervalS, tile, columns, rows, tiles }: Storyboard, durationS: number): string {
  const cues = Array.from({ length: tiles }, (_, index) => {
    const from = index * intervalS;
    const to = index === tiles - 1 ? Math.max(durationS, from + 0.001) : from + intervalS;
    const place = index % (columns * rows);
    const [x, y] = [(place % columns) * tile.width, Math.floor(place / columns) * tile.height];
    const sheet = sheetName(Math.floor(index / (columns * rows)));
    return `${clock(from)} --> ${clock(to)}\n${sheet}#xywh=${x},${y},${tile.width},${tile.height}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

/** `01:02:03.004`, as WebVTT writes it. */
function clock(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

function even(length: number): number {
  return Math.max(2, Math.floor(length / 2) * 2);
}
