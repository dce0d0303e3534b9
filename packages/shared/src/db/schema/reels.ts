import { bigint, boolean, index, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** Milliseconds, as JavaScript's dates have them. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const count = (name: string) => bigint(name, { mode: 'number' }).notNull();

/** A short video that people look at together, and how they took it. */
export const reels = pgTable('reels', {
  id: text().primaryKey(),
  /** Hearts: a user may give many. */
  likes: count('likes').default(0),
  comments: count('comments').default(0),
  shares: count('shares').default(0),
  views: count('views').default(0),
  /** Rises with every change of the counters. Whoever counts locks the row. */
  revision: count('revision').default(0),
  /** `seq` of the newest update. */
  lastSeq: count('last_seq').default(0),
  createdAt: time('created_at').notNull().defaultNow(),
});

/** What one user gave a reel. */
export const reelLikes = pgTable(
  'reel_likes',
  {
    reelId: text('reel_id').notNull().references(() => reels.id, { onDelete: 'cascade' }),
    userId: text('user_id').notNull(),
    likes: count('likes'),
    /** Whether the user likes it now. */
    liked: boolean().notNull(),
  },
  (table) => [primaryKey({ columns: [table.reelId, table.userId] })],
);

/** Interactions that their users gave a name: sent twice, they count once. Kept for a day. */
export const reelInteractions = pgTable(
  'reel_interactions',
  {
    reelId: text('reel_id').notNull(),
    userId: text('user_id').notNull(),
    clientInteractionId: text('client_interaction_id').notNull(),
    /** What a comment was answered with. */
    comment: jsonb().$type<Record<string, unknown>>(),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.reelId, table.userId, table.clientInteractionId] }), index('reel_interactions_created').on(table.createdAt)],
);

export const REEL_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;

/** What the backend published and users commented, the latest of it. Counters alone make no row. */
export const reelUpdates = pgTable(
  'reel_updates',
  {
    reelId: text('reel_id').notNull().references(() => reels.id, { onDelete: 'cascade' }),
    /** 1, 2, 3 … in each reel. */
    seq: count('seq'),
    id: uuid().notNull(),
    updateData: jsonb('update_data').$type<Record<string, unknown>>().notNull(),
    /** Empty: everyone. */
    targetUsers: text('target_users').array().notNull(),
    targetChannel: text('target_channel'),
    priority: text({ enum: REEL_PRIORITIES }).notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.reelId, table.seq] }), index('reel_updates_created').on(table.createdAt)],
);

export type ReelRow = typeof reels.$inferSelect;
export type ReelUpdateRow = typeof reelUpdates.$inferSelect;
