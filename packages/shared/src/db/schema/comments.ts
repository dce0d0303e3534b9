import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

/** Milliseconds, as JavaScript's dates have them. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const seq = (name: string) => bigint(name, { mode: 'number' });

/** What is commented live. A row comes with the first comment, or with what a moderator sets. */
export const commentStreams = pgTable('comment_streams', {
  id: text().primaryKey(),
  /** `seq` of the newest comment. Whoever writes locks the row, so numbers follow each other without gaps and in the order of commits. */
  lastSeq: seq('last_seq').notNull().default(0),
  /** Least time between two comments of a user, in s; 0 for none. */
  slowModeS: integer('slow_mode_s').notNull().default(0),
  pinnedId: uuid('pinned_id'),
  createdAt: time('created_at').notNull().defaultNow(),
});

/** Of a deleted comment the row stays, without its content. */
export const comments = pgTable(
  'comments',
  {
    streamId: text('stream_id').notNull().references(() => commentStreams.id, { onDelete: 'cascade' }),
    /** 1, 2, 3 … in each stream. */
    seq: seq('seq').notNull(),
    id: uuid().notNull().unique('comments_id'),
    userId: text('user_id').notNull(),
    content: text().notNull(),
    /** The author's own name for it: sent twice, it is one comment. */
    clientCommentId: text('client_comment_id'),
    /** By the clock of the database: slow mode is the same on all nodes. */
    createdAt: time('created_at').notNull(),
    deletedAt: time('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.streamId, table.seq] }),
    uniqueIndex('comments_once').on(table.streamId, table.userId, table.clientCommentId).where(sql`${table.clientCommentId} IS NOT NULL`),
    index('comments_user').on(table.streamId, table.userId, table.seq),
  ],
);
