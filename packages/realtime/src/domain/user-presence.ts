import type { PresenceStatus } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import { hasRole, ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { UserActivity, UserPresenceChange, UserPresenceView } from '../contracts/presence.ts';
import type { PresenceReports } from './presence-reports.ts';
import type { Rate, RateLimiter } from './rate-limit.ts';

/** What was said of a user's presence last. */
export interface UserPresenceRecord {
  userId: string;
  status: PresenceStatus;
  currentReel: string | null;
  activity: string | null;
  updatedAt: Date;
}

export interface UserPresenceRepository {
  /** Keeps what is given; what is left out stays as it is. */
  put(userId: string, change: UserPresenceChange): Promise<UserPresenceRecord>;
  /** Either part is null when nothing is known. */
  find(userId: string): Promise<{ record: UserPresenceRecord | null; lastSeenAt: Date | null }>;
}

export interface UserPresenceOptions {
  repository: UserPresenceRepository;
  reports: PresenceReports;
  limiter: RateLimiter;
  /** Open sockets of a user on all nodes. */
  socketsOf: (userId: string) => Promise<number>;
  /** Tells the user's own devices. */
  announce: (activity: UserActivity) => void;
}

/** How often the presence of one user may be set. */
const CHANGES: Rate = { perSecond: 5, burst: 20 };

export type UserPresenceService = ReturnType<typeof createUserPresenceService>;

/** What users, or the backend for them, say of what they do: kept, told to their devices and published. */
export function createUserPresenceService({ repository, reports, limiter, socketsOf, announce }: UserPresenceOptions) {
  return {
    /** @throws AppError `forbidden` to others than the user, admins and services; `rate_limited` */
    async set(userId: string, change: UserPresenceChange, by: Identity): Promise<UserActivity> {
      if (!ownsOrAdmin(by, userId) && !hasRole(by, 'service')) throw new AppError('forbidden');
      const wait = limiter.take(userId, CHANGES);
      if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
      const activity = activityOf(await repository.put(userId, change));
      announce(activity);
      reports.note({ userId, topic: `user:${userId}`, read: () => activity.status });
      return activity;
    },

    /** @throws AppError `forbidden` to others than the user and those who run the system; `not_found` for one of whom nothing is known */
    async get(userId: string, by: Identity): Promise<UserPresenceView> {
      if (!ownsOrAdmin(by, userId) && !hasRole(by, 'service') && !hasRole(by, 'viewer')) throw new AppError('forbidden');
      const [{ record, lastSeenAt }, sockets] = await Promise.all([repository.find(userId), socketsOf(userId)]);
      if (record === null && lastSeenAt === null && sockets === 0 && by.userId !== userId) throw new AppError('not_found');
      const online = sockets > 0;
      const said = record === null ? { user_id: userId, status: online ? ('online' as const) : ('offline' as const), current_reel: null, activity: null, updated_at: null } : activityOf(record);
      return { ...said, last_seen_at: lastSeenAt?.toISOString() ?? null, online, sockets };
    },
  };
}

function activityOf({ userId, status, currentReel, activity, updatedAt }: UserPresenceRecord): UserActivity {
  return { user_id: userId, status, current_reel: currentReel, activity, updated_at: updatedAt.toISOString() };
}
