import { handleOnce, type Bus } from '@armoricore/shared/bus';
import { conversationMembers, conversations, type ConversationRow, type Database, type Transaction } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import { and, eq, gt, inArray, sql } from 'drizzle-orm';
import type { ConversationRepository, ConversationView } from '../domain/conversations.ts';
import { pageOf } from '../domain/page.ts';
import { recordAct } from './audit.ts';
import { guarded } from './chat.ts';
import { listConversations } from './conversation-list.ts';

/** The consumer group of membership events; also the name under which they count as handled. */
const GROUP = 'chat';

/** Conversations and their members in PostgreSQL. Every method throws AppError `unavailable` when it does not answer. */
export function createConversationRepository(db: Database, bus: Bus): ConversationRepository {
  const tell = (transaction: Transaction, id: string, change: { added?: string[]; removed?: string[] }) => {
    const payload = { conversation_id: id, added: change.added ?? [], removed: change.removed ?? [] };
    return bus.publish(createEvent('membership.updated', payload, { source: 'realtime' }), { transaction });
  };

  return guarded<ConversationRepository>({
    put: (id, { members = [], ...fields }, actor) =>
      db.transaction(async (tx) => {
        const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
        const made = await tx.insert(conversations).values({ id, ...given }).onConflictDoNothing().returning();
        const [row] = made.length > 0 ? made : await update(tx, id, given);
        for (const { user_id, role } of members) await addMember(tx, id, user_id, role);
        if (members.length > 0) await tell(tx, id, { added: members.map(({ user_id }) => user_id) });
        await recordAct(tx, { actor, action: 'conversation.put', subject: `conversation:${id}`, details: { ...given, members: members.length } });
        return { created: made.length > 0, conversation: viewOf(row!) };
      }),

    setMember: (id, userId, role, actor) =>
      db.transaction(async (tx) => {
        await assertExists(tx, id);
        await addMember(tx, id, userId, role);
        await tell(tx, id, { added: [userId] });
        await recordAct(tx, { actor, action: 'conversation.member.put', subject: `conversation:${id}`, details: { user_id: userId, role } });
      }),

    removeMember: (id, userId, actor) =>
      db.transaction(async (tx) => {
        await assertExists(tx, id);
        await removeMembers(tx, id, [userId]);
        await tell(tx, id, { removed: [userId] });
        await recordAct(tx, { actor, action: 'conversation.member.delete', subject: `conversation:${id}`, details: { user_id: userId } });
      }),

    async members(id, { after, limit }) {
      const rows = await db
        .select()
        .from(conversationMembers)
        .where(and(eq(conversationMembers.conversationId, id), after === undefined ? undefined : gt(conversationMembers.userId, after)))
        .orderBy(conversationMembers.userId)
        .limit(limit + 1);
      const { entries, next } = pageOf(rows, limit, ({ userId }) => userId);
      return { members: entries.map(({ userId, role, readSeq, joinedAt }) => ({ user_id: userId, role, read_seq: readSeq, joined_at: joinedAt.toISOString() })), next };
    },

    async applyMembership(event) {
      // What comes from here was done when it was published.
      if (event.source === 'realtime') return;
      const { conversation_id: id, added, removed } = event.payload;
      await handleOnce(db, GROUP, event, async (tx) => {
        await tx.insert(conversations).values({ id }).onConflictDoNothing();
        await removeMembers(tx, id, removed);
        for (const userId of added) await addMember(tx, id, userId, 'member', { keepRole: true });
      });
    },

    listOf: (userId, page) => listConversations(db, userId, page),
  });
}

export function viewOf(row: Pick<ConversationRow, 'id' | 'public' | 'title' | 'lastSeq' | 'createdAt'>): ConversationView {
  return { conversation_id: row.id, public: row.public, title: row.title, latest_seq: row.lastSeq, created_at: row.createdAt.toISOString() };
}

async function update(tx: Transaction, id: string, given: object): Promise<ConversationRow[]> {
  if (Object.keys(given).length === 0) return tx.select().from(conversations).where(eq(conversations.id, id));
  return tx.update(conversations).set(given).where(eq(conversations.id, id)).returning();
}

async function assertExists(tx: Transaction, id: string): Promise<void> {
  const [row] = await tx.select({ id: conversations.id }).from(conversations).where(eq(conversations.id, id));
  if (row === undefined) throw new AppError('not_found', { conversation_id: id });
}

/** What was written before somebody became a member does not count as unread. */
async function addMember(tx: Transaction, id: string, userId: string, role: 'member' | 'moderator', { keepRole = false } = {}): Promise<void> {
  const role_ = keepRole ? sql`CASE cm.role WHEN 'guest' THEN 'member' ELSE cm.role END` : sql`excluded.role`;
  await tx.execute(sql`
    INSERT INTO conversation_members AS cm (conversation_id, user_id, role, read_seq, notified_seq)
    SELECT id, ${userId}, ${role}, last_seq, last_seq FROM conversations WHERE id = ${id}
    ON CONFLICT (conversation_id, user_id) DO UPDATE SET role = ${role_}`);
}

async function removeMembers(tx: Transaction, id: string, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  await tx.delete(conversationMembers).where(and(eq(conversationMembers.conversationId, id), inArray(conversationMembers.userId, [...userIds])));
}
