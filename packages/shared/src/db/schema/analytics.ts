import { sql } from 'drizzle-orm';
import { bigint, boolean, date, index, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { conversations } from './chat.ts';

const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** What happened, without contents, for some time; its key is the id of the bus event, so that each counts once. */
export const analyticsEvents = pgTable(
  'analytics_events',
  {
    eventId: uuid('event_id').primaryKey(),
    type: text().notNull(),
    at: timestamp({ withTimezone: true }).notNull(),
    userId: text('user_id'),
    /** What it was about, like the id of a conversation: never what people wrote. */
    details: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Whether the sums of its day have it. */
    counted: boolean().notNull().default(false),
  },
  (table) => [index('analytics_events_at').on(table.at), index('analytics_events_to_count').on(table.eventId).where(sql`NOT ${table.counted}`)],
);

/** Up to which message the sums have a conversation: messages are counted where they stand, not by their events. */
export const analyticsConversations = pgTable('analytics_conversations', {
  conversationId: text('conversation_id').primaryKey().references(() => conversations.id, { onDelete: 'cascade' }),
  countedSeq: bigint('counted_seq', { mode: 'number' }).notNull(),
});

/** The sums of each day (UTC) and type. They are kept for good. */
export const analyticsDaily = pgTable(
  'analytics_daily',
  {
    day: date({ mode: 'string' }).notNull(),
    type: text().notNull(),
    events: count('events'),
    /** Distinct users. */
    users: count('users'),
  },
  (table) => [primaryKey({ columns: [table.day, table.type] })],
);

/** Who was counted on a day, as long as its events are kept. */
export const analyticsDailyUsers = pgTable(
  'analytics_daily_users',
  { day: date({ mode: 'string' }).notNull(), type: text().notNull(), userId: text('user_id').notNull() },
  (table) => [primaryKey({ columns: [table.day, table.type, table.userId] })],
);
