import { conversationMembers, conversations, messageEdits, messages, reactions, type Database, type MessageRow, type Transaction } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { NewMessage } from '../contracts/chat.ts';
import type { Change, ChatRepository } from '../domain/chat.ts';
import { recordAct } from './audit.ts';
import { addReaction, removeReaction } from './chat-reactions.ts';
import { messageOf, newMessageOf, NEW_MESSAGE, type MessageColumns, type NewMessageColumns } from './chat-rows.ts';
import { toAvailability } from './failures.ts';

/** Unread messages are counted up to here. */
const MOST_UNREAD = 1_000;
/** Names under a reaction. */
const MOST_NAMES = 50;
/** Missing messages that are read at once. */
const CATCH_UP = 200;

/** What the feeds of conversations ask for. */
export interface FeedRepository {
  /** The next messages after one, oldest first. */
  readAfter(conversationId: string, seq: number): Promise<NewMessage[]>;
  /** The newest message of each conversation. */
  latestOf(conversationIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** Conversations and messages in PostgreSQL. Every method throws AppError `unavailable` when it does not answer. */
export function createChatRepository(db: Database): ChatRepository & FeedRepository {
  const repository: ChatRepository & FeedRepository = {
    async access(conversationId, userId) {
      const [row] = await db
        .select({ public: conversations.public, role: conversationMembers.role })
        .from(conversations)
        .leftJoin(conversationMembers, and(eq(conversationMembers.conversationId, conversations.id), eq(conversationMembers.userId, userId)))
        .where(eq(conversations.id, conversationId));
      return row === undefined ? null : { public: row.public, member: row.role === 'member' || row.role === 'moderator' };
    },

    async create(id, options) {
      await db.insert(conversations).values({ id, ...options }).onConflictDoNothing();
    },

    async position(conversationId, userId) {
      const { rows } = await db.execute<{ last_seq: string; unread: string }>(sql`
        SELECT last_seq, ${unreadOf(userId)} AS unread
        FROM conversations c LEFT JOIN conversation_members cm ON cm.conversation_id = c.id AND cm.user_id = ${userId}
        WHERE c.id = ${conversationId}`);
      if (rows[0] === undefined) throw new AppError('not_found');
      return { latest: Number(rows[0].last_seq), unread: Number(rows[0].unread) };
    },

    async messages(conversationId, userId, { after, before, limit }) {
      const { rows } = await db.execute<MessageColumns>(sql`
        SELECT ${NEW_MESSAGE}, m.edited_at, m.revision, m.deleted_at, coalesce(r.all_of_it, '[]') AS reactions
        FROM messages m LEFT JOIN LATERAL (
          SELECT jsonb_agg(jsonb_build_object('emoji', emoji, 'count', times, 'userIds', names, 'mine', mine) ORDER BY first, emoji) AS all_of_it
          FROM (
            SELECT emoji, count(*) AS times, min(created_at) AS first, bool_or(user_id = ${userId}) AS mine,
                   (array_agg(user_id ORDER BY created_at, user_id))[1:${sql.raw(String(MOST_NAMES))}] AS names
            FROM reactions WHERE message_id = m.id GROUP BY emoji
          ) AS grouped
        ) AS r ON true
        WHERE m.conversation_id = ${conversationId} AND m.seq > ${after} AND m.seq < ${before}
        ORDER BY m.seq DESC LIMIT ${limit}`);
      return rows.map(messageOf).toReversed();
    },

    async readAfter(conversationId, seq) {
      const { rows } = await db.execute<NewMessageColumns>(sql`
        SELECT ${NEW_MESSAGE} FROM messages m WHERE conversation_id = ${conversationId} AND seq > ${seq} ORDER BY seq LIMIT ${CATCH_UP}`);
      return rows.map(newMessageOf);
    },

    async latestOf(conversationIds) {
      const rows = await db.select({ id: conversations.id, lastSeq: conversations.lastSeq }).from(conversations).where(inArray(conversations.id, [...conversationIds]));
      return new Map(rows.map(({ id, lastSeq }) => [id, lastSeq]));
    },

    edit: (change) =>
      db.transaction(async (tx) => {
        const message = await lockMessage(tx, change);
        if (message.senderId !== change.userId) throw new AppError('forbidden');
        if (message.content === change.content) return null;
        const editedAt = new Date();
        const revision = message.revision + 1;
        await tx.insert(messageEdits).values({ messageId: message.id, revision: message.revision, content: message.content, replacedAt: editedAt });
        await tx.update(messages).set({ content: change.content, editedAt, revision }).where(eq(messages.id, message.id));
        return { messageId: message.id, seq: message.seq, content: change.content, editedAt: editedAt.toISOString(), revision };
      }),

    remove: (change) =>
      db.transaction(async (tx) => {
        const message = await lockMessage(tx, change, { deleted: true });
        const own = message.senderId === change.userId;
        if (!own && !change.mayAny && !(await isModerator(tx, change))) throw new AppError('forbidden');
        if (message.deletedAt !== null) return change.again === true ? { messageId: message.id, seq: message.seq, deletedAt: message.deletedAt.toISOString() } : null;
        const deletedAt = new Date();
        await tx.update(messages).set({ content: '', attachments: [], deletedAt }).where(eq(messages.id, message.id));
        await tx.delete(messageEdits).where(eq(messageEdits.messageId, message.id));
        await tx.delete(reactions).where(eq(reactions.messageId, message.id));
        if (!own) {
          const actor = { userId: change.userId, remoteAddress: change.remoteAddress };
          const details = { conversation_id: change.conversationId, sender_id: message.senderId, ...change.why };
          await recordAct(tx, { actor, action: 'message.delete', subject: `message:${message.id}`, details });
        }
        return { messageId: message.id, seq: message.seq, deletedAt: deletedAt.toISOString() };
      }),

    addReaction: (change) => addReaction(db, change),
    removeReaction: (change) => removeReaction(db, change),

    async markRead({ conversationId, messageId, userId }) {
      const { rows } = await db.execute<{ seq: string; moved: boolean }>(sql`
        WITH target AS (
          SELECT seq FROM messages WHERE id = ${messageId} AND conversation_id = ${conversationId}
        ), marked AS (
          INSERT INTO conversation_members AS cm (conversation_id, user_id, role, read_seq)
          SELECT ${conversationId}, ${userId}, 'guest', seq FROM target
          ON CONFLICT (conversation_id, user_id) DO UPDATE SET read_seq = excluded.read_seq WHERE cm.read_seq < excluded.read_seq
          RETURNING 1
        )
        SELECT seq, EXISTS (SELECT FROM marked) AS moved FROM target`);
      if (rows[0] === undefined) throw new AppError('not_found');
      return rows[0].moved ? { messageId, seq: Number(rows[0].seq) } : null;
    },
  };
  return guarded(repository);
}

/** Messages of others after the mark of a member `cm` of a conversation `c`; none for whoever has no mark. */
export function unreadOf(userId: string) {
  return sql`(SELECT count(*) FROM (
    SELECT FROM messages m
    WHERE m.conversation_id = c.id AND m.seq > cm.read_seq AND m.sender_id <> ${userId} AND m.deleted_at IS NULL LIMIT ${MOST_UNREAD}
  ) AS unread)`;
}

/** @throws AppError `not_found`, `message_deleted` */
async function lockMessage(tx: Transaction, { conversationId, messageId }: Change, { deleted = false } = {}): Promise<MessageRow> {
  const [message] = await tx.select().from(messages).where(and(eq(messages.id, messageId), eq(messages.conversationId, conversationId))).for('no key update');
  if (message === undefined) throw new AppError('not_found');
  if (message.deletedAt !== null && !deleted) throw new AppError('message_deleted');
  return message;
}

async function isModerator(tx: Transaction, { conversationId, userId }: Change): Promise<boolean> {
  const mine = and(eq(conversationMembers.conversationId, conversationId), eq(conversationMembers.userId, userId));
  const [row] = await tx.select({ role: conversationMembers.role }).from(conversationMembers).where(mine);
  return row?.role === 'moderator';
}

/** The same methods, with failures of the database told apart. */
export function guarded<T extends object>(repository: T): T {
  const entries = Object.entries(repository).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (method as (...args: unknown[]) => Promise<unknown>)(...args);
      } catch (error) {
        throw toAvailability(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as T;
}
