import { sql } from 'drizzle-orm';
import { bigint, boolean, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';

/** Milliseconds, as JavaScript's dates have them: what a client was told can be compared with what is stored. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const seq = (name: string) => bigint(name, { mode: 'number' });

/** What people write in together. */
export const conversations = pgTable(
  'conversations',
  {
    id: text().primaryKey(),
    /** Anyone may join and write. */
    public: boolean().notNull().default(false),
    title: text(),
    /** `seq` of the newest message. Whoever writes locks the row, so numbers follow each other without gaps and in the order of commits. */
    lastSeq: seq('last_seq').notNull().default(0),
    lastMessageAt: time('last_message_at'),
    /** When members without a socket are to be told of what they have not read; null when nothing is new. */
    notifyDueAt: time('notify_due_at'),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [index('conversations_notify_due').on(table.notifyDueAt).where(sql`${table.notifyDueAt} IS NOT NULL`)],
);

/** A `guest` has only a mark of what he has read in a conversation that he needs no membership for. */
export const MEMBER_ROLES = ['guest', 'member', 'moderator'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

export const conversationMembers = pgTable(
  'conversation_members',
  {
    conversationId: text('conversation_id').notNull().references(() => conversations.id, { onDelete: 'cascade' }),
    userId: text('user_id').notNull(),
    role: text({ enum: MEMBER_ROLES }).notNull().default('member'),
    /** Everything up to this message is read. It never falls. */
    readSeq: seq('read_seq').notNull().default(0),
    /** Up to this message a notification was asked for. */
    notifiedSeq: seq('notified_seq').notNull().default(0),
    joinedAt: time('joined_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.userId] }), index('conversation_members_user').on(table.userId)],
);

export const MESSAGE_TYPES = ['text', 'image', 'video', 'audio', 'file'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Of a deleted message the row stays, without its content. */
export const messages = pgTable(
  'messages',
  {
    conversationId: text('conversation_id').notNull().references(() => conversations.id, { onDelete: 'cascade' }),
    /** 1, 2, 3 … in each conversation. */
    seq: seq('seq').notNull(),
    id: uuid().notNull().unique('messages_id'),
    senderId: text('sender_id').notNull(),
    type: text({ enum: MESSAGE_TYPES }).notNull(),
    content: text().notNull(),
    replyTo: uuid('reply_to'),
    attachments: jsonb().$type<Record<string, unknown>[]>().notNull().default([]),
    /** The sender's own name for it: sent twice, it is one message. */
    clientMessageId: text('client_message_id'),
    createdAt: time('created_at').notNull(),
    editedAt: time('edited_at'),
    /** How often it was edited. */
    revision: integer().notNull().default(0),
    deletedAt: time('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.seq] }),
    unique('messages_once').on(table.conversationId, table.senderId, table.clientMessageId),
  ],
);

/** What stood in a message before each edit. */
export const messageEdits = pgTable(
  'message_edits',
  {
    messageId: uuid('message_id').notNull(),
    /** The revision that had this content. */
    revision: integer().notNull(),
    content: text().notNull(),
    replacedAt: time('replaced_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.messageId, table.revision] }),
    foreignKey({ name: 'message_edits_message', columns: [table.messageId], foreignColumns: [messages.id] }).onDelete('cascade'),
  ],
);

export const reactions = pgTable(
  'reactions',
  {
    messageId: uuid('message_id').notNull(),
    emoji: text().notNull(),
    userId: text('user_id').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.messageId, table.emoji, table.userId] }),
    foreignKey({ name: 'reactions_message', columns: [table.messageId], foreignColumns: [messages.id] }).onDelete('cascade'),
  ],
);

export type ConversationRow = typeof conversations.$inferSelect;
export type MessageRow = typeof messages.$inferSelect;
