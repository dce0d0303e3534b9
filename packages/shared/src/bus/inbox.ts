import { sql } from 'drizzle-orm';
import type { Database, Transaction } from '../db/index.ts';
import type { BusEvent, EventType } from '../events/index.ts';
import { AppError } from '../kernel/index.ts';
import { encodeEvent } from './encode.ts';

/**
 * Does the effect of an event once in a group, however often the event comes (the pattern *inbox*): that it was handled is
 * written in the transaction of the effect. False when it was handled before. A second delivery at the same moment waits.
 * @throws AppError `event_id_conflict` when another event with this id was handled; whatever `effect` throws
 */
export async function handleOnce<T extends EventType>(
  db: Database,
  group: string,
  event: BusEvent<T>,
  effect: (transaction: Transaction) => Promise<void>,
): Promise<boolean> {
  const { id, digest } = encodeEvent(event as BusEvent);
  return await db.transaction(async (transaction) => {
    const { rowCount } = await transaction.execute(sql`
      INSERT INTO inbox (group_name, event_id, digest) VALUES (${group}, ${id}, ${digest}) ON CONFLICT DO NOTHING`);
    if (rowCount === 1) {
      await effect(transaction);
      return true;
    }
    const earlier = await transaction.execute<{ digest: string }>(sql`
      SELECT digest FROM inbox WHERE group_name = ${group} AND event_id = ${id}`);
    if (earlier.rows[0]?.digest !== digest) throw new AppError('event_id_conflict', { event_id: id });
    return false;
  });
}
