/** One video rendition to be made. */
export interface Rung {
  /** Named by the short side, as people name them: `720p`. */
  name: string;
  width: number;
  height: number;
  /** Ceiling of the video, in bits per second. */
  bitrate: number;
}

export interface LadderSource {
  width: number;
  height: number;
  frameRate: number;
  /** That H.264 would need for the source's video, in bits per second, when known. */
  bitrate: number | undefined;
}

/** Short sides, and how many bits a pixel gets there: the smaller the picture, the more each pixel counts. */
const STEPS = [
  { side: 2160, bitsPerPixel: 0.08 },
  { side: 1440, bitsPerPixel: 0.09 },
  { side: 1080, bitsPerPixel: 0.1 },
  { side: 720, bitsPerPixel: 0.11 },
  { side: 480, bitsPerPixel: 0.12 },
  { side: 360, bitsPerPixel: 0.15 },
  { side: 240, bitsPerPixel: 0.17 },
  { side: 144, bitsPerPixel: 0.19 },
] as const;
const LOWEST = STEPS[STEPS.length - 1]!;
/** More bits than this times the source's own show nothing that it holds. */
const OVER_SOURCE = 1.3;
/** The encoder needs some room even when a still picture takes next to nothing. */
const LEAST_BITRATE = 16_000;

/**
 * The renditions of a source, largest first: every step whose short side the source has, or the source's own size when it is
 * below the lowest. Never larger than the source, always of even sides.
 * @param maxSide longest short side that is made
 */
export function planLadder(source: LadderSource, maxSide: number = STEPS[0].side): Rung[] {
  const short = Math.min(source.width, source.height, maxSide);
  const fitting = STEPS.filter(({ side }) => side <= short);
  const steps = fitting.length > 0 ? fitting : [{ side: short, bitsPerPixel: LOWEST.bitsPerPixel }];
  return steps.map(({ side, bitsPerPixel }) => {
    const { width, height } = fitShortSide(source, side);
    const wanted = width * height * source.frameRate * bitsPerPixel;
    const ceiling = source.bitrate === undefined ? wanted : Math.min(wanted, source.bitrate * OVER_SOURCE);
    return { name: `${Math.min(width, height)}p`, width, height, bitrate: Math.max(LEAST_BITRATE, Math.round(ceiling)) };
  });
}

/** A size with its short side at most `side`, of the same shape, even and no larger than the source. */
export function fitShortSide({ width, height }: { width: number; height: number }, side: number): { width: number; height: number } {
  const scale = Math.min(1, side / Math.min(width, height));
  return { width: even(width * scale), height: even(height * scale) };
}

/** The next even number below, so that nothing is ever enlarged; at least 2. */
function even(length: number): number {
  return Math.max(2, Math.floor((length + 1e-6) / 2) * 2);
}
