import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { BusEvent } from '../../events/index.ts';

/** The append-only log of the Postgres bus; with it a domain write and its event are one transaction. */
export const events = pgTable(
  'events',
  {
    seq: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    eventId: uuid('event_id').notNull().unique(),
    eventType: text('event_type').notNull(),
    key: text().notNull(),
    event: jsonb().$type<BusEvent>().notNull(),
    /** SHA-256 of type, source and payload: tells a repeat from an id used twice. */
    digest: text().notNull(),
    /** Only this group gets it: an event that is handled once more. */
    targetGroup: text('target_group'),
    publishedAt: timestamp('published_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('events_type').on(table.eventType, table.seq), index('events_published').on(table.publishedAt)],
);

/** Consumer groups and the event types that they take. */
export const busGroups = pgTable('bus_groups', {
  name: text().primaryKey(),
  types: text().array().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});

/** What a group has yet to handle: one row an event, deleted by the acknowledgement. */
export const busDeliveries = pgTable(
  'bus_deliveries',
  {
    group: text('group_name').notNull().references(() => busGroups.name, { onDelete: 'cascade' }),
    seq: bigint({ mode: 'number' }).notNull().references(() => events.seq),
    key: text().notNull(),
    attempts: integer().notNull().default(0),
    /** Not before this time: now, the end of a lease, or the next try. */
    availableAt: timestamp('available_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.group, table.seq] }),
    index('bus_deliveries_key').on(table.group, table.key, table.seq),
    index('bus_deliveries_available').on(table.group, table.availableAt),
    index('bus_deliveries_seq').on(table.seq),
  ],
);

/** Events that a group has handled, written in the transaction of their effect: an event that comes again changes nothing. */
export const inbox = pgTable(
  'inbox',
  {
    group: text('group_name').notNull(),
    eventId: uuid('event_id').notNull(),
    /** As in `events`. */
    digest: text().notNull(),
    handledAt: timestamp('handled_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.group, table.eventId] }), index('inbox_handled').on(table.handledAt)],
);
