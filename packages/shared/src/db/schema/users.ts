import { index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** Who was here. Identities are made elsewhere: a row comes with the first token that a user presents. */
export const users = pgTable('users', {
  id: text().primaryKey(),
  firstSeenAt: timestamp('first_seen_at', { withTimezone: true }).notNull().defaultNow(),
  /** Up to a minute late: it is not written on every connect. */
  lastSeenAt: timestamp('last_seen_at', { withTimezone: true }).notNull().defaultNow(),
  /** As the last token had them: to look at, never to decide by. */
  roles: text().array().notNull().default([]),
});

/** What a user, or the backend for him, last said of his presence. Whether he has a socket is not kept: the nodes know. */
export const userPresence = pgTable('user_presence', {
  userId: text('user_id').primaryKey(),
  status: text({ enum: ['online', 'busy', 'away', 'offline'] }).notNull(),
  /** Id of the reel that he watches. */
  currentReel: text('current_reel'),
  activity: text(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

/** Tokens that are refused although they have not expired: one by its `jti`, or all that a user got until some moment. */
export const revocations = pgTable(
  'revocations',
  {
    kind: text({ enum: ['user', 'token'] }).notNull(),
    /** User id or `jti`. */
    subject: text().notNull(),
    /** Tokens of the user that were issued up to then are refused. */
    since: timestamp({ withTimezone: true }).notNull(),
    /** The end of the token, after which its row is of no use; null for a user: nobody knows how long the tokens last. */
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    /** Nodes read what changed lately. */
    changedAt: timestamp('changed_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.subject] }),
    index('revocations_changed').on(table.changedAt),
    index('revocations_expires').on(table.expiresAt),
  ],
);

/** Secrets, encrypted with the master key, which is not in the database. The newest version of a name is the current one. */
export const keys = pgTable(
  'keys',
  {
    name: text().notNull(),
    version: integer().notNull(),
    /** AES-256-GCM: nonce, ciphertext and tag in base64. Name and version are authenticated with it. */
    wrapped: text().notNull(),
    /** Which master key wrapped it. */
    masterId: text('master_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.name, table.version] })],
);
