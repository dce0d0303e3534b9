import { index, integer, jsonb, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';

/** Events and jobs that failed for good. `origin` is the consumer group or the queue, `refId` the event or job id. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: uuid().primaryKey(),
    kind: text({ enum: ['event', 'job'] }).notNull(),
    origin: text().notNull(),
    refId: text('ref_id').notNull(),
    name: text().notNull(),
    payload: jsonb().notNull(),
    reason: text().notNull(),
    attempts: integer().notNull(),
    lastError: text('last_error').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique('dead_letters_once').on(table.kind, table.origin, table.refId), index('dead_letters_created').on(table.createdAt)],
);
