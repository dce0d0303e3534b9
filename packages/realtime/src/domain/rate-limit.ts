/** What a key may do: `perSecond` in the long run, and up to `burst` at once. */
export interface Rate {
  perSecond: number;
  burst: number;
}

export interface RateLimiter {
  /** Takes one, if there is one: 0. Otherwise the ms until there is. */
  take(key: string, rate: Rate): number;
}

interface Bucket {
  tokens: number;
  at: number;
  rate: Rate;
}

/**
 * Token buckets in memory. A key always comes with the same rate.
 * @param most keys that are remembered; beyond that the one that was used longest ago begins anew
 * @param now ms of a clock that never goes back
 */
export function createRateLimiter({ most = 100_000, now = () => performance.now() }: { most?: number; now?: () => number } = {}): RateLimiter {
  // In the order of their use: a bucket is put at the end when it is used.
  const buckets = new Map<string, Bucket>();

  function forget(at: number): void {
    for (const [key, bucket] of buckets) {
      if (buckets.size <= most && !isFull(bucket, at)) return;
      buckets.delete(key);
    }
  }

  return {
    take(key, rate) {
      const at = now();
      const known = buckets.get(key);
      const tokens = known === undefined ? rate.burst : filled(known, at);
      buckets.delete(key);
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at, rate });
      forget(at);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / rate.perSecond) * 1000);
    },
  };
}

function filled({ tokens, at, rate }: Bucket, now: number): number {
  return Math.min(rate.burst, tokens + ((now - at) / 1000) * rate.perSecond);
}

/** A full bucket is as good as none. */
function isFull(bucket: Bucket, now: number): boolean {
  return filled(bucket, now) >= bucket.rate.burst;
}
