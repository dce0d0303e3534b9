/** Frames per second, and the same as ffmpeg takes it without loss (`30000/1001`). */
export interface FrameRate {
  value: number;
  text: string;
}

export const MAX_FRAME_RATE = 60;
const STANDARD: readonly FrameRate[] = [
  [24_000, 1001],
  [24, 1],
  [25, 1],
  [30_000, 1001],
  [30, 1],
  [50, 1],
  [60_000, 1001],
  [60, 1],
].map(([over, under]) => rate(over!, under!));

/**
 * The steady rate for a source: its own when it is steady, a standard one near its mean when it varies; a rate over 60 is
 * divided by a whole number.
 * @param mean ffprobe's avg_frame_rate, as `n/d` @param base its r_frame_rate, which of a varying source can be 90000/1
 */
export function outputFrameRate(mean: string | undefined, base: string | undefined): FrameRate {
  const average = parseRate(mean) ?? parseRate(base) ?? rate(25, 1);
  const lowest = parseRate(base);
  const steady = lowest !== undefined && Math.abs(lowest.value - average.value) <= average.value * 0.01;
  const wanted = steady ? lowest : nearStandard(average);
  const divisor = Math.ceil(wanted.value / MAX_FRAME_RATE - 1e-9);
  if (divisor <= 1) return wanted.value < 1 ? rate(1, 1) : wanted;
  const [over, under = 1] = wanted.text.split('/').map(Number);
  return rate(over!, under * divisor);
}

function nearStandard(average: FrameRate): FrameRate {
  const near = STANDARD.filter(({ value }) => Math.abs(value - average.value) <= value * 0.02);
  const distance = ({ value }: FrameRate): number => Math.abs(value - average.value);
  return near.toSorted((a, b) => distance(a) - distance(b))[0] ?? rate(Math.max(1, Math.round(average.value)), 1);
}

function parseRate(text: string | undefined): FrameRate | undefined {
  const [, over, under = '1'] = /^(\d{1,9})(?:\/(\d{1,9}))?$/.exec(text ?? '') ?? [];
  return over === undefined || Number(over) === 0 || Number(under) === 0 ? undefined : rate(Number(over), Number(under));
}

function rate(over: number, under: number): FrameRate {
  return { value: over / under, text: under === 1 ? String(over) : `${over}/${under}` };
}
