import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, real, text, timestamp } from 'drizzle-orm/pg-core';
import type { MediaStage } from '../../events/index.ts';
import type { ErrorCode } from '../../kernel/index.ts';

export const MEDIA_STATES = ['uploading', 'processing', 'ready', 'failed'] as const;
export type MediaState = (typeof MEDIA_STATES)[number];

/** One uploaded file and what became of it. URLs are never stored: they are made from the keys when asked for. */
export const media = pgTable(
  'media',
  {
    id: text().primaryKey(),
    userId: text('user_id').notNull(),
    state: text({ enum: MEDIA_STATES }).notNull(),
    public: boolean().notNull().default(false),
    filename: text(),
    /** What the client announced, in bytes. */
    announcedBytes: bigint('announced_bytes', { mode: 'number' }),
    sourceKey: text('source_key'),
    /** What is not complete by then is removed. */
    uploadExpiresAt: timestamp('upload_expires_at', { withTimezone: true }),
    /** The storage's name of a multipart upload under way. */
    multipartId: text('multipart_id'),
    stage: text().$type<MediaStage>(),
    percent: real().notNull().default(0),
    failureReason: text('failure_reason').$type<ErrorCode>(),
    failureMessage: text('failure_message'),
    hlsKey: text('hls_key'),
    /** When players may begin, with the lowest rendition alone. */
    playableAt: timestamp('playable_at', { withTimezone: true }),
    mp4Key: text('mp4_key'),
    audioKey: text('audio_key'),
    posterKey: text('poster_key'),
    /** WebVTT track that names the tiles of the sprites. */
    storyboardKey: text('storyboard_key'),
    previewKey: text('preview_key'),
    durationMs: bigint('duration_ms', { mode: 'number' }),
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('media_user').on(table.userId, table.createdAt), index('media_upload_expires').on(table.state, table.uploadExpiresAt)],
);

export const renditions = pgTable(
  'renditions',
  {
    mediaId: text('media_id').notNull().references(() => media.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    width: integer().notNull(),
    height: integer().notNull(),
    frameRate: real('frame_rate').notNull(),
    bandwidth: integer().notNull(),
    averageBandwidth: integer('average_bandwidth').notNull(),
    codecs: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.mediaId, table.name] })],
);

export type MediaRow = typeof media.$inferSelect;
export type RenditionRow = typeof renditions.$inferSelect;
