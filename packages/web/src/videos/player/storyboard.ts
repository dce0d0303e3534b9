/** A small picture of one stretch of a video: a place on a sheet of many. */
export interface Tile {
  /** In s. */
  from: number;
  to: number;
  sheet: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const TIME = String.raw`(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})`;
const CUE = new RegExp(String.raw`${TIME} --> ${TIME}[^\n]*\n([^\n#]+)#xywh=(\d+),(\d+),(\d+),(\d+)`, 'g');

/** Loads the tiles of a storyboard: a WebVTT track whose cues are pictures by media fragment. */
export async function loadStoryboard(url: string, signal: AbortSignal): Promise<Tile[]> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`The storyboard did not come: status ${response.status}`);
  return parseStoryboard(await response.text(), new URL(url, location.href).href);
}

/** The tiles of a track, in the order of time; addresses are relative to that of the track. */
export function parseStoryboard(text: string, base: string): Tile[] {
  return [...text.replaceAll('\r\n', '\n').matchAll(CUE)].map((match) => {
    const [x, y, width, height] = match.slice(10, 14).map(Number) as [number, number, number, number];
    return { from: seconds(match.slice(1, 5)), to: seconds(match.slice(5, 9)), sheet: new URL(match[9]!, base).href, x, y, width, height };
  });
}

/** The tile of a time; that of the last for a time after all. */
export function tileAt(tiles: readonly Tile[], time: number): Tile | undefined {
  return tiles.find(({ to }) => time < to) ?? tiles.at(-1);
}

function seconds([hours = '0', minutes, whole, ms]: (string | undefined)[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(whole) + Number(ms) / 1000;
}
