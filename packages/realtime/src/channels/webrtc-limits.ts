import { AppError } from '@armoricore/shared/kernel';
import type { Rate, RateLimiter } from '../domain/rate-limit.ts';
import { MOST_CANDIDATES, type ChannelSession } from './webrtc-session.ts';

/** What a user may do on one topic; each event counts by itself. */
const RATES: Record<string, Rate> = {
  phx_join: { perSecond: 5, burst: 30 },
  'call:initiate': { perSecond: 0.5, burst: 10 },
  'huddle:create': { perSecond: 0.5, burst: 10 },
  'webrtc:offer': { perSecond: 10, burst: 100 },
  'webrtc:answer': { perSecond: 10, burst: 100 },
  'webrtc:ice-candidate': { perSecond: 100, burst: 300 },
};
const OTHER_RATE: Rate = { perSecond: 5, burst: 30 };

export type Limit = (of: { topic: string; socket: { identity: { userId: string } } }, event: string) => void;

/** A function that throws AppError `rate_limited`. */
export function limitBy(limiter: RateLimiter): Limit {
  return ({ topic, socket }, event) => {
    const wait = limiter.take(JSON.stringify([socket.identity.userId, topic, event]), RATES[event] ?? OTHER_RATE);
    if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
  };
}

/** @throws AppError `too_many_candidates` */
export function countCandidate(session: ChannelSession): void {
  session.candidates += 1;
  if (session.candidates > MOST_CANDIDATES) throw new AppError('too_many_candidates', { limit: MOST_CANDIDATES });
}
