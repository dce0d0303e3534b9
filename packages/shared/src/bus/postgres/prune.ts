import { sql } from 'drizzle-orm';
import type { Database } from '../../db/index.ts';
import { PRUNE_LOCK } from './locks.ts';

const BATCH = 1_000;

/**
 * Deletes events that every group has handled and that were published longer than `retentionMs` ago, and what the inbox
 * knows of such, in small transactions. Does nothing while another process is at it. Returns how many events went.
 */
export async function pruneEvents(db: Database, retentionMs: number): Promise<number> {
  let pruned = 0;
  for (;;) {
    const batch = await db.transaction(async (transaction) => {
      const lock = await transaction.execute<{ ours: boolean }>(sql`SELECT pg_try_advisory_xact_lock(${PRUNE_LOCK[0]}, ${PRUNE_LOCK[1]}) AS ours`);
      if (!lock.rows[0]?.ours) return 0;
      await transaction.execute(sql`
        DELETE FROM inbox WHERE (group_name, event_id) IN (
          SELECT group_name, event_id FROM inbox
          WHERE handled_at < statement_timestamp() - ${retentionMs} * interval '1 ms' LIMIT ${BATCH})`);
      const { rowCount } = await transaction.execute(sql`
        DELETE FROM events WHERE seq IN (
          SELECT seq FROM events
          WHERE published_at < statement_timestamp() - ${retentionMs} * interval '1 ms'
            AND NOT EXISTS (SELECT FROM bus_deliveries WHERE bus_deliveries.seq = events.seq)
          ORDER BY published_at LIMIT ${BATCH})`);
      return rowCount ?? 0;
    });
    pruned += batch;
    if (batch < BATCH) return pruned;
  }
}
