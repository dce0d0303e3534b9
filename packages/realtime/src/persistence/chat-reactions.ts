import type { Database } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { sql, type SQL } from 'drizzle-orm';
import type { Change, Told } from '../domain/chat.ts';

/** Different emoji on one message. */
const MOST_EMOJI = 50;

type Reaction = Change & { emoji: string };

/** The message, held so that it is not deleted meanwhile. */
const target = ({ conversationId, messageId }: Change): SQL => sql`
  target AS (SELECT id, seq, deleted_at FROM messages WHERE id = ${messageId} AND conversation_id = ${conversationId} FOR SHARE)`;

/** @throws AppError `not_found`, `message_deleted`, `too_many_reactions` */
export async function addReaction(db: Database, reaction: Reaction): Promise<Told<object>> {
  const { messageId, userId, emoji } = reaction;
  const { rows } = await db.execute<{ seq: string; deleted: boolean; full: boolean; added: boolean }>(sql`
    WITH ${target(reaction)}, used AS (
      SELECT count(DISTINCT emoji) FILTER (WHERE emoji <> ${emoji}) >= ${MOST_EMOJI} AS full FROM reactions WHERE message_id = ${messageId}
    ), added AS (
      INSERT INTO reactions (message_id, emoji, user_id)
      SELECT id, ${emoji}, ${userId} FROM target, used WHERE deleted_at IS NULL AND NOT used.full
      ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT seq, deleted_at IS NOT NULL AS deleted, used.full, EXISTS (SELECT FROM added) AS added FROM target, used`);
  const [row] = rows;
  if (row === undefined) throw new AppError('not_found');
  if (row.deleted) throw new AppError('message_deleted');
  if (row.full) throw new AppError('too_many_reactions', { allowed: MOST_EMOJI });
  return row.added ? { messageId, seq: Number(row.seq) } : null;
}

/** @throws AppError `not_found` */
export async function removeReaction(db: Database, reaction: Reaction): Promise<Told<object>> {
  const { messageId, userId, emoji } = reaction;
  const { rows } = await db.execute<{ seq: string; removed: boolean }>(sql`
    WITH ${target(reaction)}, removed AS (
      DELETE FROM reactions USING target WHERE message_id = target.id AND emoji = ${emoji} AND user_id = ${userId} RETURNING 1
    )
    SELECT seq, EXISTS (SELECT FROM removed) AS removed FROM target`);
  const [row] = rows;
  if (row === undefined) throw new AppError('not_found');
  return row.removed ? { messageId, seq: Number(row.seq) } : null;
}
