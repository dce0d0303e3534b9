import { sql } from 'drizzle-orm';
import type { Database } from '../../db/index.ts';
import type { EventType } from '../../events/index.ts';
import { GROUPS_LOCK } from './locks.ts';
import { RELAY } from './publish.ts';

/** How long a new group waits for transactions that are publishing, in ms; later publishers wait behind it. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Makes a group, or widens the types that it takes, and hands it the events of those types that the log still has. The
 * relay gets none of them: they were for the groups of this log, not for a broker.
 * Types are only ever added: during a rolling deploy older and newer consumers of a group run side by side.
 */
export async function registerGroup(db: Database, group: string, types: readonly EventType[]): Promise<void> {
  const wanted = sql.param([...types]);
  const known = await db.execute(sql`SELECT FROM bus_groups WHERE name = ${group} AND types @> ${wanted}::text[]`);
  if (known.rows.length > 0) return;

  await db.transaction(async (transaction) => {
    await transaction.execute(sql`SELECT set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`);
    await transaction.execute(sql`SELECT pg_advisory_xact_lock(${GROUPS_LOCK[0]}, ${GROUPS_LOCK[1]})`);
    await transaction.execute(sql`INSERT INTO bus_groups (name, types) VALUES (${group}, '{}') ON CONFLICT DO NOTHING`);
    await transaction.execute(sql`
      INSERT INTO bus_deliveries (group_name, seq, key)
      SELECT bus_groups.name, events.seq, events.key
      FROM bus_groups JOIN events ON events.event_type = ANY (${wanted}::text[]) AND events.event_type <> ALL (bus_groups.types)
      WHERE bus_groups.name = ${group} AND coalesce(events.target_group, ${group}) = ${group} AND bus_groups.name <> ${RELAY}
      ON CONFLICT DO NOTHING`);
    await transaction.execute(sql`
      UPDATE bus_groups SET types = ARRAY(SELECT DISTINCT unnest(types || ${wanted}::text[])) WHERE name = ${group}`);
  });
}
