import { sql } from 'drizzle-orm';
import type { Transaction } from '../../db/index.ts';
import { AppError } from '../../kernel/index.ts';
import type { EncodedEvent } from '../encode.ts';
import { CHANNEL, GROUPS_LOCK } from './locks.ts';

/**
 * Appends an event and, for every group that takes its type, a delivery; wakes the consumers on commit.
 * @throws AppError `event_id_conflict`
 */
export async function publishWithin(transaction: Transaction, event: EncodedEvent): Promise<{ duplicate: boolean }> {
  const { id, type, key, json, digest } = event;
  await transaction.execute(sql`SELECT pg_advisory_xact_lock_shared(${GROUPS_LOCK[0]}, ${GROUPS_LOCK[1]})`);
  const { rows } = await transaction.execute<{ notified: number }>(sql`
    WITH appended AS (
      INSERT INTO events (event_id, event_type, key, event, digest)
      VALUES (${id}, ${type}, ${key}, ${json}::jsonb, ${digest})
      ON CONFLICT (event_id) DO NOTHING
      RETURNING seq, key, event_type
    ), delivered AS (
      INSERT INTO bus_deliveries (group_name, seq, key)
      SELECT bus_groups.name, appended.seq, appended.key
      FROM appended JOIN bus_groups ON appended.event_type = ANY (bus_groups.types)
    )
    SELECT pg_notify(${CHANNEL}, event_type) FROM appended`);
  if (rows.length > 0) return { duplicate: false };

  // A statement of its own: it sees what the one above may have waited for.
  const earlier = await transaction.execute<{ digest: string }>(sql`SELECT digest FROM events WHERE event_id = ${id}`);
  if (earlier.rows[0]?.digest !== digest) throw new AppError('event_id_conflict', { event_id: id });
  return { duplicate: true };
}
