import { createHash } from 'node:crypto';
import type { Bus } from '@armoricore/shared/bus';
import type { Database, Transaction } from '@armoricore/shared/db';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { sql } from 'drizzle-orm';
import type { NoticeRepository, OnlineAmong } from '../domain/chat-notices.ts';
import { guarded } from './chat.ts';

/** Members of a conversation that are looked at together. */
const CHUNK = 500;
/** Conversations that are looked at together. */
const TOGETHER = 16;
const SNIPPET = 120;
const LONGEST_COLLAPSE_KEY = 64;

interface Due {
  id: string;
  title: string | null;
  lastSeq: number;
}

interface Unread extends Record<string, unknown> {
  user_id: string;
  unread: string;
  sender_id: string;
  content: string;
}

/** Notices in PostgreSQL. */
export function createNoticeRepository(db: Database, bus: Bus, { delayMs }: { delayMs: number }): NoticeRepository {
  async function tell(due: Due, onlineAmong: OnlineAmong): Promise<void> {
    for (let after = '', last = false; !last; ) {
      const userIds = await unnotified(db, due, after);
      const online = userIds.length === 0 ? new Set<string>() : await onlineAmong(userIds);
      const away = userIds.filter((id) => !online.has(id));
      last = userIds.length < CHUNK;
      await db.transaction(async (tx) => {
        const told = await claim(tx, due, away);
        if (told.length > 0) await bus.publishAll!(told.map((one) => noticeOf(due, one)), { transaction: tx });
        if (last) await settle(tx, due, delayMs);
      });
      after = userIds.at(-1) ?? '';
    }
  }

  return guarded<NoticeRepository>({
    async tellSome(onlineAmong) {
      const due = await nextDue(db);
      await Promise.all(due.map((one) => tell(one, onlineAmong)));
      return due.length > 0;
    },
  });
}

async function nextDue(db: Database): Promise<Due[]> {
  const { rows } = await db.execute<{ id: string; title: string | null; last_seq: string }>(sql`
    SELECT id, title, last_seq FROM conversations WHERE notify_due_at <= now() ORDER BY notify_due_at LIMIT ${TOGETHER}`);
  return rows.map((row) => ({ id: row.id, title: row.title, lastSeq: Number(row.last_seq) }));
}

async function unnotified(db: Database, { id, lastSeq }: Due, after: string): Promise<string[]> {
  const { rows } = await db.execute<{ user_id: string }>(sql`
    SELECT user_id FROM conversation_members
    WHERE conversation_id = ${id} AND user_id > ${after} AND role <> 'guest' AND greatest(read_seq, notified_seq) < ${lastSeq}
    ORDER BY user_id LIMIT ${CHUNK}`);
  return rows.map(({ user_id }) => user_id);
}

/** Those who still have something to be told of: whoever read meanwhile, or was told by another node, is left out. */
async function claim(tx: Transaction, { id, lastSeq }: Due, userIds: readonly string[]): Promise<Unread[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.execute<Unread>(sql`
    WITH claimed AS (
      UPDATE conversation_members cm SET notified_seq = ${lastSeq}
      FROM (
        SELECT user_id, greatest(read_seq, notified_seq) AS known FROM conversation_members
        WHERE conversation_id = ${id} AND user_id = ANY (${sql.param([...userIds])}::text[])
        ORDER BY user_id FOR UPDATE
      ) AS held
      WHERE cm.conversation_id = ${id} AND cm.user_id = held.user_id AND held.known < ${lastSeq}
      RETURNING cm.user_id, cm.read_seq, held.known
    )
    SELECT user_id, newest.sender_id, newest.content,
           (SELECT count(*) FROM (
             SELECT FROM messages m
             WHERE m.conversation_id = ${id} AND m.seq > claimed.read_seq AND m.seq <= ${lastSeq} AND m.sender_id <> user_id AND m.deleted_at IS NULL
             LIMIT 100
           ) AS counted) AS unread
    FROM claimed CROSS JOIN LATERAL (
      SELECT sender_id, content FROM messages m
      WHERE m.conversation_id = ${id} AND m.seq > claimed.known AND m.seq <= ${lastSeq} AND m.sender_id <> user_id AND m.deleted_at IS NULL
      ORDER BY m.seq DESC LIMIT 1
    ) AS newest`);
  return rows;
}

/** Done, unless somebody wrote meanwhile: then it is due again in a while. */
async function settle(tx: Transaction, { id, lastSeq }: Due, delayMs: number): Promise<void> {
  await tx.execute(sql`
    UPDATE conversations
    SET notify_due_at = CASE WHEN last_seq = ${lastSeq} THEN NULL ELSE now() + ${delayMs} * interval '1 millisecond' END
    WHERE id = ${id}`);
}

function noticeOf({ id, title, lastSeq }: Due, { user_id, unread, sender_id, content }: Unread): BusEvent {
  const count = Number(unread);
  const body = count > 1 ? `${count < 100 ? count : '99+'} new messages` : `${sender_id}: ${content}`.trim();
  const payload = {
    notification_id: newId(),
    user_id,
    channels: ['push' as const],
    category: 'chat',
    title: (title ?? sender_id).slice(0, SNIPPET).toWellFormed(),
    body: body.slice(0, SNIPPET).toWellFormed(),
    data: { type: 'chat.message', conversation_id: id, latest_seq: lastSeq, unread: count },
    collapse_key: collapseKeyOf(id),
    priority: 'high' as const,
  };
  return createEvent('notification.requested', payload, { source: 'realtime', userId: user_id });
}

/** One per conversation, so that a newer notification takes the place of an older one. */
function collapseKeyOf(conversationId: string): string {
  const key = `chat:${conversationId}`;
  return key.length <= LONGEST_COLLAPSE_KEY ? key : `chat:${createHash('sha256').update(conversationId).digest('base64url')}`;
}
