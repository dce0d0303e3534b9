import type { Bus } from '@armoricore/shared/bus';
import { userPresence, users, type Database } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { eq, sql } from 'drizzle-orm';
import type { PresenceReport } from '../domain/presence-reports.ts';
import type { UserPresenceRepository } from '../domain/user-presence.ts';
import { toAvailability } from './failures.ts';

/** The presence of users in PostgreSQL. */
export function createUserPresenceRepository(db: Database): UserPresenceRepository {
  return {
    async put(userId, { status, current_reel: currentReel, activity }) {
      const given = { status, ...(currentReel === undefined ? {} : { currentReel }), ...(activity === undefined ? {} : { activity }) };
      const [row] = await db
        .insert(userPresence)
        .values({ userId, ...given })
        .onConflictDoUpdate({ target: userPresence.userId, set: { ...given, updatedAt: sql`statement_timestamp()` } })
        .returning();
      return row!;
    },

    async find(userId) {
      const [record, user] = await Promise.all([
        db.select().from(userPresence).where(eq(userPresence.userId, userId)).limit(1),
        db.select({ lastSeenAt: users.lastSeenAt }).from(users).where(eq(users.id, userId)).limit(1),
      ]);
      return { record: record[0] ?? null, lastSeenAt: user[0]?.lastSeenAt ?? null };
    },
  };
}

/** Publishes changes of presence, those of one call in one transaction. */
export function createPresencePublisher(db: Database, bus: Bus): (reports: readonly PresenceReport[]) => Promise<void> {
  return async (reports) => {
    const events = reports.map(({ userId, topic, status }) => createEvent('presence.update', { user_id: userId, status, topic }, { source: 'realtime', userId }));
    try {
      await db.transaction((transaction) => bus.publishAll!(events, { transaction }));
    } catch (error) {
      throw toAvailability(error);
    }
  };
}
