import { index, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** Every privileged act: who did what to whom, when and from where. Rows are only ever added. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: uuid().primaryKey(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** User id of the token. */
    actor: text().notNull(),
    /** Like `dead_letter.replay`. */
    action: text().notNull(),
    /** Like `dead_letter:<id>`. */
    subject: text().notNull(),
    details: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Address that the request came from; null for acts of the product itself. */
    remoteAddress: text('remote_address'),
  },
  (table) => [index('audit_log_at').on(table.at), index('audit_log_subject').on(table.subject, table.at)],
);
