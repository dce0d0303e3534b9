import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** A room for calls of several; it outlives its participants. The row is locked for each of its transitions. */
export const huddles = pgTable(
  'huddles',
  {
    id: uuid().primaryKey(),
    /** Rises with each transition: of two readings the higher one is newer. */
    version: integer().notNull(),
    name: text(),
    /** Who may read it may join; null for everyone. */
    conversationId: text('conversation_id'),
    maxParticipants: integer('max_participants').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: time('created_at').notNull(),
    endedAt: time('ended_at'),
    /** Somebody is in it. */
    occupied: boolean().notNull().default(false),
  },
  (table) => [index('huddles_list').on(table.occupied.desc(), table.id.desc()).where(sql`${table.endedAt} IS NULL`)],
);

/** Who is in a huddle. */
export const huddleParticipants = pgTable(
  'huddle_participants',
  {
    huddleId: uuid('huddle_id').notNull().references(() => huddles.id, { onDelete: 'cascade' }),
    userId: text('user_id').notNull(),
    /** Another one whenever other participants have to connect anew. */
    ref: text().notNull(),
    audio: boolean().notNull(),
    video: boolean().notNull(),
    screen: boolean().notNull(),
    hand: boolean().notNull(),
    joinedAt: time('joined_at').notNull(),
    /** As in `call_parties`. */
    device: text(),
    session: text(),
    away: boolean().notNull(),
    until: time('until'),
  },
  (table) => [
    primaryKey({ columns: [table.huddleId, table.userId] }),
    index('huddle_participants_session').on(table.session).where(sql`${table.session} IS NOT NULL`),
    index('huddle_participants_until').on(table.until),
  ],
);

export type HuddleRow = typeof huddles.$inferSelect;
export type HuddleParticipantRow = typeof huddleParticipants.$inferSelect;
