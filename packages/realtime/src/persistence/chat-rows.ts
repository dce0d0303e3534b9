import { sql } from 'drizzle-orm';
import type { MessageView, NewMessage, ReactionView } from '../contracts/chat.ts';

/** Columns of a message `m`, as the driver gives them. */
export const NEW_MESSAGE = sql.raw(
  'm.id, m.seq, m.conversation_id, m.sender_id, m.type, m.content, m.reply_to, m.attachments, m.client_message_id, m.created_at',
);

export interface NewMessageColumns extends Record<string, unknown> {
  id: string;
  seq: string;
  conversation_id: string;
  sender_id: string;
  type: NewMessage['type'];
  content: string;
  reply_to: string | null;
  attachments: Record<string, unknown>[];
  client_message_id: string | null;
  created_at: string | Date;
}

export interface MessageColumns extends NewMessageColumns {
  edited_at: string | Date | null;
  revision: number;
  deleted_at: string | Date | null;
  reactions: ReactionView[];
}

export function newMessageOf(row: NewMessageColumns): NewMessage {
  return {
    id: row.id,
    seq: Number(row.seq),
    conversationId: row.conversation_id,
    senderId: row.sender_id,
    type: row.type,
    content: row.content,
    replyTo: row.reply_to,
    attachments: row.attachments,
    clientMessageId: row.client_message_id,
    createdAt: iso(row.created_at),
  };
}

export function messageOf(row: MessageColumns): MessageView {
  return {
    ...newMessageOf(row),
    editedAt: row.edited_at === null ? null : iso(row.edited_at),
    revision: row.revision,
    deletedAt: row.deleted_at === null ? null : iso(row.deleted_at),
    reactions: row.reactions,
  };
}

/** A time of the database as clients see it. */
export function iso(time: string | Date): string {
  return new Date(time).toISOString();
}
