import { devMailbox, notificationDeliveries, notifications, type Database } from '@armoricore/shared/db';
import { asc, desc, eq, and, sql } from 'drizzle-orm';
import type { Mailbox } from '../domain/mailbox.ts';
import type { NotificationLogRepository } from '../domain/notification-log.ts';
import { pageOf } from '../domain/page.ts';

/** What was delivered, in PostgreSQL. */
export function createNotificationLogRepository(db: Database): NotificationLogRepository {
  return {
    async find(id) {
      const [row] = await db.select().from(notifications).where(eq(notifications.id, id));
      return row ?? null;
    },

    async deliveriesOf(id, limit) {
      return await db.select().from(notificationDeliveries).where(eq(notificationDeliveries.notificationId, id)).orderBy(asc(notificationDeliveries.id)).limit(limit);
    },

    async listOf(userId, { before, limit }) {
      const [, ms, id] = /^(\d{1,15})\.(.+)$/s.exec(before ?? '') ?? [];
      const older = ms === undefined ? undefined : sql`(${notifications.createdAt}, ${notifications.id}) < (to_timestamp(${ms}::float8 / 1000)::timestamptz(3), ${id})`;
      const found = await db
        .select()
        .from(notifications)
        .where(and(eq(notifications.userId, userId), older))
        .orderBy(desc(notifications.createdAt), desc(notifications.id))
        .limit(limit + 1);
      const { entries, next } = pageOf(found, limit, ({ createdAt, id: lastId }) => `${createdAt.getTime()}.${lastId}`);
      return { notifications: entries, next };
    },
  };
}

/** The local mailbox, in PostgreSQL. */
export function createMailbox(db: Database): Mailbox {
  return { newest: (limit) => db.select().from(devMailbox).orderBy(desc(devMailbox.id)).limit(limit) };
}
