/** Lets through so many a second in the long run, and as many at once after a pause. */
export interface RateLimit {
  /** Takes a place, and tells how long to wait before using it, in ms; null when that would be longer than `mostMs`, and none is taken. */
  take(mostMs: number): number | null;
}

/** A token bucket of one process that holds the calls of one second. */
export function createRateLimit(perSecond: number, now: () => number = () => performance.now()): RateLimit {
  let at = now();
  let tokens = perSecond;
  return {
    take(mostMs) {
      const time = now();
      tokens = Math.min(perSecond, tokens + ((time - at) * perSecond) / 1_000);
      at = time;
      const waitMs = tokens >= 1 ? 0 : ((1 - tokens) * 1_000) / perSecond;
      if (waitMs > mostMs) return null;
      tokens -= 1;
      return waitMs;
    },
  };
}
