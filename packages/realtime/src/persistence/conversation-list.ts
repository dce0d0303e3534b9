import type { Database, MemberRole } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { sql } from 'drizzle-orm';
import type { OwnConversation } from '../domain/conversations.ts';
import { pageOf } from '../domain/page.ts';
import { iso } from './chat-rows.ts';
import { unreadOf } from './chat.ts';

interface Columns extends Record<string, unknown> {
  id: string;
  public: boolean;
  title: string | null;
  last_seq: string;
  created_at: string;
  role: MemberRole;
  read_seq: string;
  unread: string;
  last_message_at: string | null;
  active_at: string;
}

/** The conversations that a user is a member of or has read in, the latest active first. @throws AppError `invalid_payload` for a strange `before` */
export async function listConversations(
  db: Database,
  userId: string,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<{ conversations: OwnConversation[]; next: string | null }> {
  const active = sql`coalesce(c.last_message_at, c.created_at)`;
  const [time, id] = before === undefined ? [] : parseCursor(before);
  const older = time === undefined ? sql`` : sql`AND (${active}, c.id) < (${time}::timestamptz, ${id})`;
  const { rows } = await db.execute<Columns>(sql`
    SELECT c.id, c.public, c.title, c.last_seq, c.created_at, c.last_message_at, cm.role, cm.read_seq,
           ${active} AS active_at, ${unreadOf(userId)} AS unread
    FROM conversation_members cm JOIN conversations c ON c.id = cm.conversation_id
    WHERE cm.user_id = ${userId} ${older}
    ORDER BY ${active} DESC, c.id DESC LIMIT ${limit + 1}`);
  const { entries, next } = pageOf(rows, limit, (last) => `${iso(last.active_at)}_${last.id}`);
  return { conversations: entries.map(viewOf), next };
}

function viewOf(row: Columns): OwnConversation {
  return {
    conversation_id: row.id,
    public: row.public,
    title: row.title,
    latest_seq: Number(row.last_seq),
    created_at: iso(row.created_at),
    role: row.role,
    read_seq: Number(row.read_seq),
    unread: Number(row.unread),
    last_message_at: row.last_message_at === null ? null : iso(row.last_message_at),
  };
}

function parseCursor(cursor: string): [time: string, id: string] {
  const [, time = '', id = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_(.+)$/.exec(cursor) ?? [];
  if (Number.isNaN(Date.parse(time))) throw new AppError('invalid_payload', { issues: [{ path: 'before', message: 'is no `next` of an earlier page' }] });
  return [time, id];
}
