import { boolean, index, integer, jsonb, pgTable, primaryKey, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { DELIVERY_STATES } from '../../events/notifications.ts';
import type { NotificationPreferences } from '../../notifications/preferences.ts';
import { PLATFORMS, type WebPushSubscription } from '../../notifications/targets.ts';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Devices that users registered for push. A token is of one user: who registers it last has it. */
export const deviceTokens = pgTable(
  'device_tokens',
  {
    id: uuid().primaryKey(),
    userId: text('user_id').notNull(),
    platform: text({ enum: PLATFORMS }).notNull(),
    /** SHA-256 of platform and address, by which it is found again. */
    key: text().notNull(),
    /** The token, or the endpoint of the subscription. */
    address: text().notNull(),
    subscription: jsonb().$type<WebPushSubscription>(),
    locale: text(),
    timezone: text(),
    app: text(),
    createdAt: time('created_at').notNull().defaultNow(),
    /** The last time that the device said that it has this token. A provider's older word about it does not count. */
    registeredAt: time('registered_at').notNull().defaultNow(),
  },
  (table) => [unique('device_tokens_key').on(table.key), index('device_tokens_user').on(table.userId, table.registeredAt)],
);

/** How a user may be told of things, and where mails go. */
export const notificationSettings = pgTable('notification_settings', {
  userId: text('user_id').primaryKey(),
  /** Set by the backend, which has verified it. */
  email: text(),
  /** A mail server said that there is no such address; until the backend sets one anew. */
  emailRefusedAt: time('email_refused_at'),
  preferences: jsonb().$type<NotificationPreferences>(),
  updatedAt: time('updated_at').notNull().defaultNow(),
});

export const notificationTemplates = pgTable(
  'notification_templates',
  {
    name: text().notNull(),
    locale: text().notNull(),
    title: text().notNull(),
    body: text().notNull(),
    subject: text(),
    html: text(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.name, table.locale] })],
);

export const notifications = pgTable(
  'notifications',
  {
    id: text().primaryKey(),
    userId: text('user_id').notNull(),
    category: text().notNull(),
    /** As the user reads it, in the user's own locale. */
    title: text().notNull(),
    body: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
    /** When all its deliveries had ended. */
    finishedAt: time('finished_at'),
  },
  (table) => [index('notifications_user').on(table.userId, table.createdAt)],
);

/** One notification for one device or address: the log, and the state by which nothing is sent twice. */
export const notificationDeliveries = pgTable(
  'notification_deliveries',
  {
    id: uuid().primaryKey(),
    notificationId: text('notification_id').notNull().references(() => notifications.id, { onDelete: 'cascade' }),
    userId: text('user_id').notNull(),
    channel: text({ enum: ['push', 'email'] }).notNull(),
    /** SHA-256 of what it goes to. */
    deviceKey: text('device_key').notNull(),
    /** Null for a token of the event and for mail. */
    deviceId: uuid('device_id'),
    /** The platform or `email`, and of the address what a person may see. */
    platform: text().notNull(),
    address: text().notNull(),
    state: text({ enum: DELIVERY_STATES }).notNull(),
    reason: text(),
    /** What the provider calls it. */
    providerId: text('provider_id'),
    /** Calls of the provider that told that it cannot now. */
    attempts: integer().notNull().default(0),
    /** How often a worker ended between its call and this row. */
    crashes: integer().notNull().default(0),
    /** The job that has it in its hands. */
    jobId: text('job_id').notNull(),
    /** Not before. */
    dueAt: time('due_at').notNull().defaultNow(),
    /** Whether it may become part of a digest, and the digest that it carries. */
    held: boolean().notNull().default(false),
    digest: jsonb().$type<{ count: number; titles: string[] }>(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (table) => [
    unique('notification_deliveries_once').on(table.notificationId, table.deviceKey),
    index('notification_deliveries_held').on(table.userId, table.deviceKey).where(sql`${table.held}`),
  ],
);

/** Notifications that a user was sent in the minute that began at `since`. */
export const notificationRates = pgTable('notification_rates', {
  userId: text('user_id').primaryKey(),
  since: time('since').notNull(),
  count: integer().notNull(),
});

/** What would have been sent, for a developer to look at. */
export const devMailbox = pgTable('dev_mailbox', {
  id: uuid().primaryKey(),
  at: time('at').notNull().defaultNow(),
  kind: text({ enum: ['push', 'email'] }).notNull(),
  recipient: text().notNull(),
  message: jsonb().$type<Record<string, unknown>>().notNull(),
});

export type DeviceRow = typeof deviceTokens.$inferSelect;
export type DeliveryRow = typeof notificationDeliveries.$inferSelect;
