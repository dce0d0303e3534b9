import type { Database, Transaction } from '@armoricore/shared/db';
import { AppError, newId } from '@armoricore/shared/kernel';
import { sql, type Param } from 'drizzle-orm';
import type { CommentView } from '../contracts/comments.ts';
import type { CommentDraft, CommentsLog } from '../domain/comments-writer.ts';
import { iso } from './chat-rows.ts';
import { commentOf, COMMENT, type CommentColumns } from './comments-rows.ts';
import { toAvailability } from './failures.ts';

/** Appends comments in PostgreSQL: a fixed handful of statements however many there are. */
export function createCommentsLog(db: Database): CommentsLog {
  return {
    async append(drafts) {
      try {
        return await db.transaction(async (tx) => {
          const streams = await lock(tx, drafts);
          const slow = drafts.filter(({ streamId, exempt }) => !exempt && streams.get(streamId)!.slowModeMs > 0);
          const { outcomes, fresh } = decide(drafts, streams, await earlier(tx, drafts), await lastOf(tx, slow));
          if (fresh.length > 0) await insert(tx, fresh);
          return outcomes;
        });
      } catch (error) {
        throw toAvailability(error);
      }
    },
  };
}

interface Stream {
  lastSeq: number;
  slowModeMs: number;
}

/** Locks the streams, in one order for all nodes; those that are new are made. */
async function lock(tx: Transaction, drafts: readonly CommentDraft[]): Promise<Map<string, Stream>> {
  const ids = sql.param([...new Set(drafts.map(({ streamId }) => streamId))]);
  const find = async (): Promise<Map<string, Stream>> => {
    const { rows } = await tx.execute<{ id: string; last_seq: string; slow_mode_s: number }>(sql`
      SELECT id, last_seq, slow_mode_s FROM comment_streams WHERE id = ANY (${ids}::text[]) ORDER BY id FOR NO KEY UPDATE`);
    return new Map(rows.map(({ id, last_seq, slow_mode_s }) => [id, { lastSeq: Number(last_seq), slowModeMs: slow_mode_s * 1_000 }]));
  };
  const found = await find();
  if (drafts.every(({ streamId }) => found.has(streamId))) return found;
  await tx.execute(sql`INSERT INTO comment_streams (id) SELECT unnest(${ids}::text[]) ORDER BY 1 ON CONFLICT DO NOTHING`);
  return find();
}

interface Sent {
  comment: CommentView;
  deleted: boolean;
}

/** What was sent before. A statement of its own behind the lock: it sees what was appended while we waited for that. */
async function earlier(tx: Transaction, drafts: readonly CommentDraft[]): Promise<Map<string, Sent>> {
  const named = drafts.filter(({ clientCommentId }) => clientCommentId !== null);
  if (named.length === 0) return new Map();
  const { rows } = await tx.execute<CommentColumns & { deleted: boolean }>(sql`
    SELECT ${COMMENT}, c.deleted_at IS NOT NULL AS deleted FROM comments c
    JOIN unnest(${column(named, 'streamId')}::text[], ${column(named, 'userId')}::text[], ${column(named, 'clientCommentId')}::text[])
      AS given (stream_id, user_id, client_comment_id) USING (stream_id, user_id, client_comment_id)`);
  return new Map(rows.map((row) => [keyOf(row.stream_id, row.user_id, row.client_comment_id!), { comment: commentOf(row), deleted: row.deleted }]));
}

/** How long ago authors commented on a stream last, in ms; behind the lock, too. */
async function lastOf(tx: Transaction, drafts: readonly CommentDraft[]): Promise<Map<string, number>> {
  if (drafts.length === 0) return new Map();
  const { rows } = await tx.execute<{ stream_id: string; user_id: string; ago: string }>(sql`
    SELECT given.stream_id, given.user_id, extract(epoch FROM clock_timestamp() - last.created_at) * 1000 AS ago
    FROM unnest(${column(drafts, 'streamId')}::text[], ${column(drafts, 'userId')}::text[]) AS given (stream_id, user_id)
    CROSS JOIN LATERAL (
      SELECT created_at FROM comments c WHERE c.stream_id = given.stream_id AND c.user_id = given.user_id ORDER BY seq DESC LIMIT 1
    ) AS last`);
  return new Map(rows.map((row) => [keyOf(row.stream_id, row.user_id), Number(row.ago)]));
}

/** Gives each new comment its number, and each draft its outcome. */
function decide(drafts: readonly CommentDraft[], streams: Map<string, Stream>, sent: Map<string, Sent>, last: Map<string, number>) {
  const fresh: CommentView[] = [];
  const outcomes = drafts.map(({ streamId, userId, content, clientCommentId, exempt }) => {
    const name = clientCommentId === null ? null : keyOf(streamId, userId, clientCommentId);
    const known = name === null ? undefined : sent.get(name);
    if (known !== undefined) return known.deleted ? new AppError('message_deleted') : known.comment;
    const stream = streams.get(streamId)!;
    const author = keyOf(streamId, userId);
    const wait = exempt ? 0 : stream.slowModeMs - (last.get(author) ?? Infinity);
    if (wait > 0) return new AppError('rate_limited', { retry_after_ms: Math.ceil(wait) });
    stream.lastSeq += 1;
    last.set(author, 0);
    const comment = { id: newId(), seq: stream.lastSeq, stream_id: streamId, user_id: userId, content, client_comment_id: clientCommentId, created_at: '' };
    if (name !== null) sent.set(name, { comment, deleted: false });
    fresh.push(comment);
    return comment;
  });
  return { outcomes, fresh };
}

/** Inserts them all, and writes down in each when that was. */
async function insert(tx: Transaction, fresh: readonly CommentView[]): Promise<void> {
  const { rows } = await tx.execute<{ created_at: string | Date }>(sql`
    WITH given AS (
      SELECT * FROM unnest(
        ${column(fresh, 'stream_id')}::text[], ${column(fresh, 'seq')}::bigint[], ${column(fresh, 'id')}::uuid[],
        ${column(fresh, 'user_id')}::text[], ${column(fresh, 'content')}::text[], ${column(fresh, 'client_comment_id')}::text[]
      ) AS given (stream_id, seq, id, user_id, content, client_comment_id)
    ), advanced AS (
      UPDATE comment_streams SET last_seq = newest.seq
      FROM (SELECT stream_id, max(seq) AS seq FROM given GROUP BY stream_id) AS newest
      WHERE comment_streams.id = newest.stream_id
    ), inserted AS (
      INSERT INTO comments (stream_id, seq, id, user_id, content, client_comment_id, created_at)
      SELECT stream_id, seq, id, user_id, content, client_comment_id, statement_timestamp() FROM given
      RETURNING created_at
    )
    SELECT created_at FROM inserted LIMIT 1`);
  const createdAt = iso(rows[0]!.created_at);
  for (const comment of fresh) comment.created_at = createdAt;
}

function column<T extends object>(rows: readonly T[], name: keyof T & string): Param {
  return sql.param(rows.map((row) => row[name]));
}

function keyOf(...parts: string[]): string {
  return JSON.stringify(parts);
}
