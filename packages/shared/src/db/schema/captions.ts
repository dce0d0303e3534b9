import { bigint, index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { media } from './media.ts';

/** The captions of a media in one language. */
export const captionTracks = pgTable(
  'caption_tracks',
  {
    mediaId: text('media_id').notNull().references(() => media.id, { onDelete: 'cascade' }),
    /** BCP 47; `und` when nobody knows. */
    language: text().notNull(),
    vttKey: text('vtt_key').notNull(),
    srtKey: text('srt_key'),
    hlsKey: text('hls_key'),
    cues: integer().notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.mediaId, table.language] })],
);

/** How much speech each job had recognised for a user, to hold it against what is allowed in a day. */
export const captionUses = pgTable(
  'caption_uses',
  {
    jobId: uuid('job_id').primaryKey(),
    userId: text('user_id').notNull(),
    speechMs: bigint('speech_ms', { mode: 'number' }).notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('caption_uses_user').on(table.userId, table.at)],
);

export type CaptionTrackRow = typeof captionTracks.$inferSelect;
