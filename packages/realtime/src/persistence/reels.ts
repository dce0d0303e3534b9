import { reelLikes, reels, reelUpdates, type Database, type ReelUpdateRow } from '@armoricore/shared/db';
import { and, desc, eq, inArray, lt, or, sql, type SQL } from 'drizzle-orm';
import type { ReelCounters, ReelUpdate } from '../contracts/reel.ts';
import type { ReelRepository } from '../domain/reels.ts';
import { guarded } from './chat.ts';

/** Rows of one statement that removes old ones. */
const PRUNE_BATCH = 5_000;
/** What grew old, and when: updates, and names of interactions. */
const OLD = [
  { table: sql`reel_updates`, age: sql`interval '7 days'` },
  { table: sql`reel_interactions`, age: sql`interval '1 day'` },
];

/** Counters as `SELECT` gives them. */
export type ReelColumns = Record<keyof ReelCounters, string>;

export function countersOf({ likes, comments, shares, views, revision }: Record<keyof ReelCounters, string | number>): ReelCounters {
  return { likes: Number(likes), comments: Number(comments), shares: Number(shares), views: Number(views), revision: Number(revision) };
}

/** What the feeds and the sweep ask for. */
export interface ReelUpkeep {
  countersOf(reelIds: readonly string[]): Promise<ReadonlyMap<string, ReelCounters>>;
  /** Removes a batch of what is old; answers whether there may be more. */
  prune(): Promise<boolean>;
}

/** Reels in PostgreSQL. Every method throws AppError `unavailable` when it does not answer. */
export function createReelRepository(db: Database): ReelRepository & ReelUpkeep {
  return guarded<ReelRepository & ReelUpkeep>({
    async find(reelId, userId) {
      const [row] = await db
        .select({ reel: reels, liked: reelLikes.liked })
        .from(reels)
        .leftJoin(reelLikes, and(eq(reelLikes.reelId, reels.id), eq(reelLikes.userId, userId)))
        .where(eq(reels.id, reelId));
      return row === undefined ? null : { counters: countersOf(row.reel), liked: row.liked === true };
    },

    async create(id) {
      await db.insert(reels).values({ id }).onConflictDoNothing();
    },

    async updates(reelId, userId, { before, limit }) {
      const rows = await list(reelId, limit, before === undefined ? undefined : lt(reelUpdates.seq, before), userId === null ? undefined : visibleTo(userId));
      return rows.map((row) => ({ seq: row.seq, update: updateOf(row) }));
    },

    async recent(reelId, userId, limit) {
      const here = sql`coalesce(${reelUpdates.targetChannel}, 'reel:' || ${reelUpdates.reelId}) = 'reel:' || ${reelUpdates.reelId}`;
      return (await list(reelId, limit, here, visibleTo(userId))).map(updateOf).toReversed();
    },

    async countersOf(reelIds) {
      const rows = await db.select().from(reels).where(inArray(reels.id, [...reelIds]));
      return new Map(rows.map((row) => [row.id, countersOf(row)]));
    },

    async prune() {
      let most = 0;
      for (const { table, age } of OLD) {
        const { rowCount } = await db.execute(sql`
          DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE created_at < now() - ${age} LIMIT ${PRUNE_BATCH} FOR UPDATE SKIP LOCKED))`);
        most = Math.max(most, rowCount ?? 0);
      }
      return most === PRUNE_BATCH;
    },
  });

  function list(reelId: string, limit: number, ...which: (SQL | undefined)[]): Promise<ReelUpdateRow[]> {
    return db.select().from(reelUpdates).where(and(eq(reelUpdates.reelId, reelId), ...which)).orderBy(desc(reelUpdates.seq)).limit(limit);
  }
}

/** Not what was for others: for some users, or for the topic of another user. */
function visibleTo(userId: string): SQL | undefined {
  const { targetUsers, targetChannel } = reelUpdates;
  return and(
    or(sql`cardinality(${targetUsers}) = 0`, sql`${userId} = ANY (${targetUsers})`),
    or(sql`${targetChannel} IS NULL`, sql`${targetChannel} LIKE 'reel:%'`, sql`${targetChannel} = 'user:' || ${userId}`),
  );
}

function updateOf({ id, reelId, updateData, targetUsers, targetChannel, priority, createdAt }: ReelUpdateRow): ReelUpdate {
  return {
    id,
    reel_id: reelId,
    update_data: updateData as ReelUpdate['update_data'],
    target_users: targetUsers,
    target_channel: targetChannel,
    timestamp: createdAt.getTime(),
    priority,
  };
}
