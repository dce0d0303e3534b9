import type { Database, Transaction } from '@armoricore/shared/db';
import { sql, type Param } from 'drizzle-orm';
import type { ReelComment } from '../contracts/reel.ts';
import type { AppendLog } from '../domain/batch-writer.ts';
import { fold, keyOf, type Changes, type Ground, type InteractionDraft, type ReelDraft, type Written } from '../domain/reel-fold.ts';
import { toAvailability } from './failures.ts';
import { countersOf, type ReelColumns } from './reels.ts';

/** Updates of a reel that are kept. */
const MOST_UPDATES = 1_000;

/** Counts and publishes in PostgreSQL: a fixed handful of statements however many drafts there are. */
export function createReelLog(db: Database): AppendLog<ReelDraft, Written> {
  return {
    async append(drafts) {
      try {
        return await db.transaction(async (tx) => {
          await createPublished(tx, drafts);
          const { outcomes, changes } = fold(drafts, await read(tx, drafts));
          if (changes.reels.size > 0 || changes.named.length > 0) await store(tx, changes);
          if (changes.updates.length > 0) await prune(tx, changes);
          return outcomes;
        });
      } catch (error) {
        throw toAvailability(error);
      }
    },
  };
}

async function createPublished(tx: Transaction, drafts: readonly ReelDraft[]): Promise<void> {
  const ids = [...new Set(drafts.flatMap(({ kind, reelId }) => (kind === 'publication' ? [reelId] : [])))].toSorted();
  if (ids.length > 0) await tx.execute(sql`INSERT INTO reels (id) SELECT unnest(${sql.param(ids)}::text[]) ON CONFLICT DO NOTHING`);
}

/** Locks the reels, in one order for all nodes. What stands behind that lock is read by statements of their own. */
async function read(tx: Transaction, drafts: readonly ReelDraft[]): Promise<Ground> {
  const ids = [...new Set(drafts.map(({ reelId }) => reelId))];
  const { rows } = await tx.execute<ReelColumns & { id: string; last_seq: string }>(sql`
    SELECT * FROM reels WHERE id = ANY (${sql.param(ids)}::text[]) ORDER BY id FOR NO KEY UPDATE`);
  const reels = new Map(rows.map((row) => [row.id, { ...countersOf(row), lastSeq: Number(row.last_seq) }]));
  const interactions = drafts.filter((draft) => draft.kind === 'interaction');
  return { reels, known: await readKnown(tx, interactions), hearts: await readHearts(tx, interactions) };
}

async function readKnown(tx: Transaction, drafts: readonly InteractionDraft[]): Promise<Ground['known']> {
  const named = drafts.filter(({ clientInteractionId }) => clientInteractionId !== null);
  if (named.length === 0) return new Map();
  const { rows } = await tx.execute<{ reel_id: string; user_id: string; client_interaction_id: string; comment: ReelComment | null }>(sql`
    SELECT reel_id, user_id, client_interaction_id, comment FROM reel_interactions
    JOIN unnest(${column(named, 'reelId')}::text[], ${column(named, 'userId')}::text[], ${column(named, 'clientInteractionId')}::text[])
      AS given (reel_id, user_id, client_interaction_id) USING (reel_id, user_id, client_interaction_id)`);
  return new Map(rows.map((row) => [keyOf(row.reel_id, row.user_id, row.client_interaction_id), row.comment]));
}

/** Of those alone who take a like back: others only add to theirs. */
async function readHearts(tx: Transaction, drafts: readonly InteractionDraft[]): Promise<Ground['hearts']> {
  const taken = drafts.filter(({ type }) => type === 'unlike');
  if (taken.length === 0) return new Map();
  const { rows } = await tx.execute<{ reel_id: string; user_id: string; likes: string; liked: boolean }>(sql`
    SELECT reel_id, user_id, likes, liked FROM reel_likes
    JOIN unnest(${column(taken, 'reelId')}::text[], ${column(taken, 'userId')}::text[]) AS given (reel_id, user_id) USING (reel_id, user_id)`);
  return new Map(rows.map((row) => [keyOf(row.reel_id, row.user_id), { likes: Number(row.likes), liked: row.liked }]));
}

async function store(tx: Transaction, { reels, hearts, named, updates }: Changes): Promise<void> {
  const changed = [...reels].map(([id, reel]) => ({ id, ...reel }));
  const comments = sql.param(named.map(({ comment }) => (comment === null ? null : JSON.stringify(comment))));
  const data = sql.param(updates.map(({ update_data }) => JSON.stringify(update_data)));
  const targets = sql.param(updates.map(({ target_users }) => JSON.stringify(target_users)));
  await tx.execute(sql`
    WITH given AS (
      SELECT * FROM unnest(
        ${column(changed, 'id')}::text[], ${column(changed, 'likes')}::bigint[], ${column(changed, 'comments')}::bigint[], ${column(changed, 'shares')}::bigint[],
        ${column(changed, 'views')}::bigint[], ${column(changed, 'revision')}::bigint[], ${column(changed, 'lastSeq')}::bigint[]
      ) AS given (id, likes, comments, shares, views, revision, last_seq)
    ), counted AS (
      UPDATE reels SET likes = given.likes, comments = given.comments, shares = given.shares, views = given.views, revision = given.revision, last_seq = given.last_seq
      FROM given WHERE reels.id = given.id
    ), hearted AS (
      INSERT INTO reel_likes AS mine (reel_id, user_id, likes, liked)
      SELECT * FROM unnest(${column(hearts, 'reelId')}::text[], ${column(hearts, 'userId')}::text[], ${column(hearts, 'likes')}::bigint[], ${column(hearts, 'liked')}::boolean[])
      ON CONFLICT (reel_id, user_id) DO UPDATE SET likes = mine.likes + excluded.likes, liked = excluded.liked
    ), named AS (
      INSERT INTO reel_interactions (reel_id, user_id, client_interaction_id, comment)
      SELECT * FROM unnest(${column(named, 'reelId')}::text[], ${column(named, 'userId')}::text[], ${column(named, 'clientInteractionId')}::text[], ${comments}::text[]::jsonb[])
    )
    INSERT INTO reel_updates (reel_id, seq, id, update_data, target_users, target_channel, priority, created_at)
    SELECT reel_id, seq, id, data::jsonb, ARRAY (SELECT jsonb_array_elements_text(targets::jsonb)), channel, priority, to_timestamp(ms / 1000.0)
    FROM unnest(
      ${column(updates, 'reel_id')}::text[], ${column(updates, 'seq')}::bigint[], ${column(updates, 'id')}::uuid[], ${data}::text[], ${targets}::text[],
      ${column(updates, 'target_channel')}::text[], ${column(updates, 'priority')}::text[], ${column(updates, 'timestamp')}::bigint[]
    ) AS given (reel_id, seq, id, data, targets, channel, priority, ms)`);
}

/** Of the reels that got updates. */
async function prune(tx: Transaction, { updates }: Changes): Promise<void> {
  const ids = [...new Set(updates.map(({ reel_id }) => reel_id))];
  await tx.execute(sql`
    DELETE FROM reel_updates USING reels
    WHERE reels.id = ANY (${sql.param(ids)}::text[]) AND reel_updates.reel_id = reels.id AND reel_updates.seq <= reels.last_seq - ${MOST_UPDATES}::bigint`);
}

function column<T extends object>(rows: readonly T[], name: keyof T & string): Param {
  return sql.param(rows.map((row) => row[name]));
}
