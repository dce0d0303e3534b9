import type { Bus } from '@armoricore/shared/bus';
import type { Database, Transaction } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { AppError, newId } from '@armoricore/shared/kernel';
import { sql, type Param } from 'drizzle-orm';
import type { NewMessage } from '../contracts/chat.ts';
import type { ChatLog, Draft } from '../domain/chat-writer.ts';
import { newMessageOf, NEW_MESSAGE, type NewMessageColumns } from './chat-rows.ts';
import { toAvailability } from './failures.ts';

export interface ChatLogOptions {
  db: Database;
  bus: Bus;
  /** How long after a message members without a socket are told of it, in ms. */
  notifyDelayMs: number;
}

/** Appends messages in PostgreSQL: a fixed handful of statements however many there are. */
export function createChatLog({ db, bus, notifyDelayMs }: ChatLogOptions): ChatLog {
  return {
    async append(drafts) {
      try {
        return await db.transaction(async (tx) => {
          const { outcomes, fresh } = number(drafts, await lock(tx, drafts), await earlier(tx, drafts));
          if (fresh.length > 0) {
            await insert(tx, fresh, notifyDelayMs);
            await bus.publishAll!(fresh.map(eventOf), { transaction: tx });
          }
          return outcomes;
        });
      } catch (error) {
        throw toAvailability(error);
      }
    },
  };
}

function eventOf(message: NewMessage) {
  return createEvent('chat.message', message, { source: 'realtime', eventId: message.id, userId: message.senderId });
}

/** Locks the conversations, in one order for all nodes, and says which number each has reached. */
async function lock(tx: Transaction, drafts: readonly Draft[]): Promise<Map<string, number>> {
  const ids = [...new Set(drafts.map(({ conversationId }) => conversationId))];
  const { rows } = await tx.execute<{ id: string; last_seq: string }>(sql`
    SELECT id, last_seq FROM conversations WHERE id = ANY (${sql.param(ids)}::text[]) ORDER BY id FOR NO KEY UPDATE`);
  return new Map(rows.map(({ id, last_seq }) => [id, Number(last_seq)]));
}

interface Earlier {
  /** What was sent before, by `nameOf`. */
  sent: Map<string, NewMessage>;
  /** Messages that may be replied to, as `conversation/id`. */
  targets: Set<string>;
}

/** A statement of its own behind the lock: it sees what was appended while we waited for that. */
async function earlier(tx: Transaction, drafts: readonly Draft[]): Promise<Earlier> {
  const named = drafts.filter(({ clientMessageId }) => clientMessageId !== null);
  const replies = drafts.filter(({ replyTo }) => replyTo !== null);
  const found: Earlier = { sent: new Map(), targets: new Set() };
  if (named.length + replies.length === 0) return found;
  const { rows } = await tx.execute<NewMessageColumns>(sql`
    SELECT ${NEW_MESSAGE} FROM messages m
    JOIN unnest(${column(named, 'conversationId')}::text[], ${column(named, 'senderId')}::text[], ${column(named, 'clientMessageId')}::text[])
      AS given (conversation_id, sender_id, client_message_id) USING (conversation_id, sender_id, client_message_id)
    UNION ALL
    SELECT ${NEW_MESSAGE} FROM messages m WHERE id = ANY (${column(replies, 'replyTo')}::uuid[])`);
  for (const message of rows.map(newMessageOf)) {
    if (message.clientMessageId !== null) found.sent.set(nameOf(message, message.clientMessageId), message);
    found.targets.add(`${message.conversationId}/${message.id}`);
  }
  return found;
}

/** Gives each new message its number, and each draft its outcome. */
function number(drafts: readonly Draft[], reached: Map<string, number>, { sent, targets }: Earlier): { outcomes: (NewMessage | AppError)[]; fresh: NewMessage[] } {
  const createdAt = new Date().toISOString();
  const fresh: NewMessage[] = [];
  const outcomes = drafts.map((draft) => {
    const { conversationId, clientMessageId, replyTo } = draft;
    const last = reached.get(conversationId);
    if (last === undefined) return new AppError('not_found');
    const name = clientMessageId === null ? null : nameOf(draft, clientMessageId);
    const known = name === null ? undefined : sent.get(name);
    if (known !== undefined) return known;
    if (replyTo !== null && !targets.has(`${conversationId}/${replyTo}`)) {
      const message = 'is no message of this conversation';
      return new AppError('invalid_payload', { path: 'replyTo', issues: [{ path: 'replyTo', message }] });
    }
    const message: NewMessage = { ...draft, id: newId(), seq: last + 1, createdAt };
    reached.set(conversationId, last + 1);
    if (name !== null) sent.set(name, message);
    fresh.push(message);
    return message;
  });
  return { outcomes, fresh };
}

async function insert(tx: Transaction, fresh: readonly NewMessage[], notifyDelayMs: number): Promise<void> {
  const attachments = sql.param(fresh.map((message) => JSON.stringify(message.attachments)));
  await tx.execute(sql`
    WITH given AS (
      SELECT * FROM unnest(
        ${column(fresh, 'conversationId')}::text[], ${column(fresh, 'seq')}::bigint[], ${column(fresh, 'id')}::uuid[],
        ${column(fresh, 'senderId')}::text[], ${column(fresh, 'type')}::text[], ${column(fresh, 'content')}::text[],
        ${column(fresh, 'replyTo')}::uuid[], ${attachments}::text[], ${column(fresh, 'clientMessageId')}::text[]
      ) AS given (conversation_id, seq, id, sender_id, type, content, reply_to, attachments, client_message_id)
    ), advanced AS (
      UPDATE conversations
      SET last_seq = newest.seq, last_message_at = ${fresh[0]!.createdAt}::timestamptz,
          notify_due_at = coalesce(notify_due_at, now() + ${notifyDelayMs} * interval '1 millisecond')
      FROM (SELECT conversation_id, max(seq) AS seq FROM given GROUP BY conversation_id) AS newest
      WHERE conversations.id = newest.conversation_id
    )
    INSERT INTO messages (conversation_id, seq, id, sender_id, type, content, reply_to, attachments, client_message_id, created_at)
    SELECT conversation_id, seq, id, sender_id, type, content, reply_to, attachments::jsonb, client_message_id, ${fresh[0]!.createdAt}::timestamptz
    FROM given`);
}

function column<T extends object>(rows: readonly T[], name: keyof T & string): Param {
  return sql.param(rows.map((row) => row[name]));
}

function nameOf({ conversationId, senderId }: Pick<Draft, 'conversationId' | 'senderId'>, clientMessageId: string): string {
  return JSON.stringify([conversationId, senderId, clientMessageId]);
}
