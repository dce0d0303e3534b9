import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const CALL_TYPES = ['audio', 'video'] as const;
export type CallType = (typeof CALL_TYPES)[number];
export const CALL_STATES = ['ringing', 'active', 'ended'] as const;
export type CallState = (typeof CALL_STATES)[number];
/** `missed`: nobody answered; `dropped`: a party was away for longer than the grace; `busy`: the callee was in another call. */
export const CALL_END_REASONS = ['hangup', 'rejected', 'cancelled', 'missed', 'busy', 'dropped'] as const;
export type CallEndReason = (typeof CALL_END_REASONS)[number];

/** A call between two. The row is locked for each of its transitions. */
export const calls = pgTable(
  'calls',
  {
    id: uuid().primaryKey(),
    type: text({ enum: CALL_TYPES }).notNull(),
    state: text({ enum: CALL_STATES }).notNull(),
    /** Rises with each transition: of two readings the higher one is newer. */
    version: integer().notNull(),
    callerId: text('caller_id').notNull(),
    calleeId: text('callee_id').notNull(),
    createdAt: time('created_at').notNull(),
    /** Until then the callee may answer; null when it does not ring. */
    ringUntil: time('ring_until'),
    answeredAt: time('answered_at'),
    endedAt: time('ended_at'),
    reason: text({ enum: CALL_END_REASONS }),
    /** Whose act or absence ended it; null when it was nobody's. */
    endedBy: text('ended_by'),
    /** When to look whether the callee needs a push to hear it ring; null once that is done. */
    pushDueAt: time('push_due_at'),
  },
  (table) => [
    index('calls_ring_until').on(table.ringUntil).where(sql`${table.ringUntil} IS NOT NULL`),
    index('calls_push_due').on(table.pushDueAt).where(sql`${table.pushDueAt} IS NOT NULL`),
  ],
);

/** The two of a call, each with the device that has it. */
export const callParties = pgTable(
  'call_parties',
  {
    callId: uuid('call_id').notNull().references(() => calls.id, { onDelete: 'cascade' }),
    userId: text('user_id').notNull(),
    /** The call has not ended. */
    open: boolean().notNull().default(true),
    device: text(),
    /** The joined channel of that device. */
    session: text(),
    /** Its socket is gone; another one may come in its place. */
    away: boolean().notNull().default(false),
    /** The node of the session extends it again and again; when it passes, the party is gone. */
    until: time('until'),
  },
  (table) => [
    primaryKey({ columns: [table.callId, table.userId] }),
    /** Nobody is in two calls. */
    uniqueIndex('call_parties_one_open').on(table.userId).where(sql`${table.open}`),
    index('call_parties_user').on(table.userId, table.callId.desc()),
    index('call_parties_session').on(table.session).where(sql`${table.session} IS NOT NULL`),
    index('call_parties_until').on(table.until).where(sql`${table.until} IS NOT NULL`),
  ],
);

export type CallRow = typeof calls.$inferSelect;
export type CallPartyRow = typeof callParties.$inferSelect;
