import { deviceKey } from '../../../packages/shared/src/notifications/index.ts';
import type { FakeApns } from '../../support/services/apns.ts';
import type { FakeFcm } from '../../support/services/fcm.ts';
import type { FakeSmtp } from '../../support/services/smtp.ts';

export interface NotifySize {
  notifications: number;
  kills: number;
}

/** Notifications that each worker works on at once. */
export const AT_ONCE = 16;

/** Where a worker finds what it needs. */
export interface NotifyPlace {
  databaseUrl: string;
  scratchDir: string;
  fcmPort: number;
  apns: { key: string; server: FakeApns['server'] };
  mailUrl: string;
}

/** What is wrong with every fifth recipient: it is gone, refused, or the first try meets trouble of three kinds. */
const FAULTS = ['gone', 'refused', 'busy', 'away', 'broken'] as const;
type Fault = (typeof FAULTS)[number];

export interface Member {
  userId: string;
  platform: 'fcm' | 'apns' | 'email';
  address: string;
  key: string;
  fault: Fault | undefined;
}

/** Users with one device or address each. */
export function crowdOf(size: number): Member[] {
  return Array.from({ length: size }, (_, i) => {
    const platform = i % 10 < 6 ? 'fcm' : i % 10 < 9 ? 'apns' : 'email';
    const address = platform === 'fcm' ? `token:of:user-${i}` : platform === 'apns' ? String(i).padStart(64, 'a') : `user-${i}@example.org`;
    const fate = (i * 7919) % 100;
    return { userId: `user-${i}`, platform, address, key: deviceKey(platform, address), fault: fate < 20 ? FAULTS[fate % 5] : undefined };
  });
}

/** Makes the fakes treat each member as it is to be; counts what they took, by address. */
export function treat(crowd: readonly Member[], { fcm, apns, smtp }: { fcm: FakeFcm; apns: FakeApns; smtp: FakeSmtp }): ReadonlyMap<string, number> {
  const byAddress = new Map(crowd.map((member) => [member.address, member]));
  const troubled = new Set<string>();
  const taken = new Map<string, number>();
  /** The fault that the next message to an address meets. */
  const next = (address: string): Fault | undefined => {
    const fault = byAddress.get(address)?.fault;
    const once = fault !== undefined && fault !== 'gone' && fault !== 'refused';
    if (once && troubled.has(address)) return took(address);
    troubled.add(address);
    return fault ?? took(address);
  };
  const took = (address: string): undefined => void taken.set(address, (taken.get(address) ?? 0) + 1);

  fcm.answer = (token) => {
    const fault = next(token);
    if (fault === undefined) return 'ok';
    if (fault === 'broken') return 'reset';
    const answers = {
      gone: { status: 404, canonical: 'NOT_FOUND', code: 'UNREGISTERED' },
      refused: { status: 400, canonical: 'INVALID_ARGUMENT' },
      busy: { status: 429, canonical: 'RESOURCE_EXHAUSTED', code: 'QUOTA_EXCEEDED', retryAfter: '1' },
      away: { status: 503, canonical: 'UNAVAILABLE', code: 'UNAVAILABLE' },
    };
    return answers[fault];
  };
  apns.answer = (token) => {
    const fault = next(token);
    if (fault === undefined) return 'ok';
    const answers = {
      gone: { status: 410, reason: 'Unregistered', timestamp: Date.now() + 60_000 },
      refused: { status: 413, reason: 'PayloadTooLarge' },
      busy: { status: 429, reason: 'TooManyRequests' },
      away: { status: 503, reason: 'ServiceUnavailable' },
      broken: { status: 500, reason: 'InternalServerError' },
    };
    return answers[fault];
  };
  smtp.refuse.recipient = (address) => {
    const fault = next(address);
    const answers = {
      gone: { code: 550, message: '5.1.1 no such user' },
      refused: { code: 550, message: '5.7.1 not wanted' },
      busy: { code: 450, message: '4.2.0 busy' },
      away: { code: 451, message: '4.3.0 later' },
      broken: { code: 421, message: '4.3.2 going down' },
    };
    return fault === undefined ? undefined : answers[fault];
  };
  return taken;
}
