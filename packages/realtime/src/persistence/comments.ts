import { comments, commentStreams, type Database, type Transaction } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { CommentsRepository } from '../domain/comments.ts';
import { recordAct } from './audit.ts';
import { guarded } from './chat.ts';
import { commentOf, COMMENT, type CommentColumns } from './comments-rows.ts';

/** Missing comments that are read at once. */
const CATCH_UP = 200;

/** Streams and their comments in PostgreSQL. Every method throws AppError `unavailable` when it does not answer. */
export function createCommentsRepository(db: Database): CommentsRepository {
  return guarded<CommentsRepository>({
    async position(streamId) {
      const [stream] = await db.select().from(commentStreams).where(eq(commentStreams.id, streamId));
      if (stream === undefined) return { latest: 0, slowMode: 0, pinnedId: null };
      return { latest: stream.lastSeq, slowMode: stream.slowModeS, pinnedId: stream.pinnedId };
    },

    async find(streamId, commentId) {
      const { rows } = await db.execute<CommentColumns>(sql`
        SELECT ${COMMENT} FROM comments c WHERE id = ${commentId} AND stream_id = ${streamId} AND deleted_at IS NULL`);
      return rows[0] === undefined ? null : commentOf(rows[0]);
    },

    async seqOf(streamId, commentId) {
      const [row] = await db.select({ seq: comments.seq }).from(comments).where(and(eq(comments.id, commentId), eq(comments.streamId, streamId)));
      return row?.seq ?? null;
    },

    async page(streamId, { before, limit }) {
      const { rows } = await db.execute<CommentColumns>(sql`
        SELECT ${COMMENT} FROM comments c
        WHERE stream_id = ${streamId} AND seq < ${before} AND deleted_at IS NULL ORDER BY seq DESC LIMIT ${limit}`);
      return rows.map(commentOf).toReversed();
    },

    async readAfter(streamId, seq) {
      const { rows } = await db.execute<CommentColumns & { deleted: boolean }>(sql`
        SELECT ${COMMENT}, c.deleted_at IS NOT NULL AS deleted FROM comments c
        WHERE stream_id = ${streamId} AND seq > ${seq} ORDER BY seq LIMIT ${CATCH_UP}`);
      return rows.map((row) => ({ ...commentOf(row), ...(row.deleted ? { deleted: true } : {}) }));
    },

    async latestOf(streamIds) {
      const rows = await db.select({ id: commentStreams.id, lastSeq: commentStreams.lastSeq }).from(commentStreams).where(inArray(commentStreams.id, [...streamIds]));
      return new Map(rows.map(({ id, lastSeq }) => [id, lastSeq]));
    },

    remove: ({ streamId, commentId, ...actor }, { mayAny }) =>
      db.transaction(async (tx) => {
        const stream = await lockStream(tx, streamId);
        const comment = await commentIn(tx, streamId, commentId);
        if (comment === null || stream === null) throw new AppError('not_found');
        const own = comment.userId === actor.userId;
        if (!own && !mayAny) throw new AppError('forbidden');
        if (comment.deletedAt !== null) return null;
        await tx.update(comments).set({ content: '', deletedAt: new Date() }).where(eq(comments.id, commentId));
        const unpinned = stream.pinnedId === commentId;
        if (unpinned) await tx.update(commentStreams).set({ pinnedId: null }).where(eq(commentStreams.id, streamId));
        if (!own) await recordAct(tx, { actor, action: 'comment.delete', subject: `comment:${commentId}`, details: { stream_id: streamId, user_id: comment.userId } });
        return { seq: comment.seq, unpinned };
      }),

    pin: ({ streamId, commentId, ...actor }) =>
      db.transaction(async (tx) => {
        const stream = await lockStream(tx, streamId);
        if (commentId !== null) {
          const comment = await commentIn(tx, streamId, commentId);
          if (comment === null || comment.deletedAt !== null) throw new AppError('not_found');
        }
        if (stream === null || stream.pinnedId === commentId) return false;
        await tx.update(commentStreams).set({ pinnedId: commentId }).where(eq(commentStreams.id, streamId));
        const details = { comment_id: commentId, before: stream.pinnedId };
        await recordAct(tx, { actor, action: commentId === null ? 'comment.unpin' : 'comment.pin', subject: `stream:${streamId}`, details });
        return true;
      }),

    slowDown: ({ streamId, seconds, ...actor }) =>
      db.transaction(async (tx) => {
        await tx.insert(commentStreams).values({ id: streamId }).onConflictDoNothing();
        const before = (await lockStream(tx, streamId))!.slowModeS;
        if (before === seconds) return false;
        await tx.update(commentStreams).set({ slowModeS: seconds }).where(eq(commentStreams.id, streamId));
        await recordAct(tx, { actor, action: 'comments.slow_mode', subject: `stream:${streamId}`, details: { seconds, before } });
        return true;
      }),
  });
}

/** First of all in every transaction that changes a stream or its comments: none waits for another crosswise. */
async function lockStream(tx: Transaction, streamId: string) {
  const [stream] = await tx.select().from(commentStreams).where(eq(commentStreams.id, streamId)).for('no key update');
  return stream ?? null;
}

async function commentIn(tx: Transaction, streamId: string, commentId: string) {
  const [comment] = await tx.select().from(comments).where(and(eq(comments.id, commentId), eq(comments.streamId, streamId)));
  return comment ?? null;
}
