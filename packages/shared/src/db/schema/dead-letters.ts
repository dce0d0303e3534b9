import { index, integer, jsonb, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';

/**
 * Events and jobs that failed for good. `origin` is the consumer group, the queue, or `intake` for what another system sent
 * that is no event; `refId` the id of the event, the job or the broker's message.
 */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: uuid().primaryKey(),
    kind: text({ enum: ['event', 'job'] }).notNull(),
    origin: text().notNull(),
    refId: text('ref_id').notNull(),
    name: text().notNull(),
    /** The event, or the input of the job; null when it is large and stands in the object storage under `payloadKey`. */
    payload: jsonb(),
    payloadKey: text('payload_key'),
    /** Size of the payload as JSON. */
    payloadBytes: integer('payload_bytes').notNull().default(0),
    reason: text().notNull(),
    attempts: integer().notNull(),
    lastError: text('last_error').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique('dead_letters_once').on(table.kind, table.origin, table.refId), index('dead_letters_created').on(table.createdAt, table.id)],
);

export type DeadLetterRow = typeof deadLetters.$inferSelect;
