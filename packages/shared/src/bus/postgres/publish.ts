import { sql } from 'drizzle-orm';
import type { Transaction } from '../../db/index.ts';
import { AppError } from '../../kernel/index.ts';
import type { EncodedEvent } from '../encode.ts';
import { CHANNEL, GROUPS_LOCK } from './locks.ts';

/** Who gets the events of a log: its groups or, when a broker carries the events to the groups, the relay alone. */
export type Audience = 'groups' | 'relay';

/** The group that hands events to a broker. */
export const RELAY = 'relay';

/**
 * Appends events, in their order, and, for every group that takes their type, a delivery each; wakes the consumers on commit.
 * @param onlyFor the one group that is to get them
 * @throws AppError `event_id_conflict`
 */
export async function publishWithin(
  transaction: Transaction,
  events: readonly EncodedEvent[],
  { audience, onlyFor = null }: { audience: Audience; onlyFor?: string | null | undefined },
): Promise<{ duplicate: boolean }[]> {
  const types = [...new Set(events.map(({ type }) => type))];
  const { rows } = await transaction.execute<{ new_ids: string[] | null }>(sql`
    SELECT publish_events(
      ${GROUPS_LOCK[0]}, ${GROUPS_LOCK[1]}, ${CHANNEL}, ${RELAY}, ${audience === 'relay'}, ${onlyFor},
      ${sql.param(types)}::text[], ${sql.param(`[${events.map(asRow).join(',')}]`)}::jsonb
    ) AS new_ids`);
  const newIds = rows[0]!.new_ids;
  if (newIds === null) return events.map(() => ({ duplicate: false }));

  // A statement of its own: it sees what the one above may have waited for.
  const earlier = await transaction.execute<{ event_id: string; digest: string }>(sql`
    SELECT event_id, digest FROM events WHERE event_id = ANY (${sql.param(events.map(({ id }) => id))}::uuid[])`);
  const appended = new Set(newIds);
  const digests = new Map(earlier.rows.map(({ event_id, digest }) => [event_id, digest]));
  return events.map(({ id, digest }) => {
    if (digests.get(id) !== digest) throw new AppError('event_id_conflict', { event_id: id });
    return { duplicate: !appended.delete(id) }; // Of two with one id, the first was appended.
  });
}

/** One JSON text for all the events: as arrays of texts they would be escaped once more, and taken apart character by character. */
function asRow({ id, type, key, digest, json }: EncodedEvent): string {
  return `{"id":"${id}","type":"${type}","key":${JSON.stringify(key)},"digest":"${digest}","event":${json}}`;
}
