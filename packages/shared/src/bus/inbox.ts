import { sql, type Param } from 'drizzle-orm';
import type { Database, Transaction } from '../db/index.ts';
import type { BusEvent, EventType } from '../events/index.ts';
import { AppError, batched } from '../kernel/index.ts';
import { encodeEvent, type EncodedEvent } from './encode.ts';

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

/** Events of a statement, at most. */
const TOGETHER = { max: 256 };

/**
 * What a group has handled, for effects that are elsewhere than in this database and the same however often they are done.
 * Events that come at about the same time share its statements.
 */
export interface Inbox {
  /**
   * Does the effect of an event unless the group has handled it, and notes it afterwards: an effect that was cut short is done
   * again. False when it was handled before.
   * @throws AppError `event_id_conflict` when another event with this id was handled; whatever `effect` throws
   */
  handle(event: BusEvent, effect: () => Promise<void>): Promise<boolean>;
}

export function createInbox(db: Database, group: string): Inbox {
  const digestOf = batched<EncodedEvent, string | undefined>(TOGETHER, async (events) => {
    const { rows } = await db.execute<{ id: string; digest: string }>(sql`
      SELECT event_id AS id, digest FROM inbox WHERE group_name = ${group} AND event_id = ANY (${column(events, 'id')}::uuid[])`);
    const digests = new Map(rows.map(({ id, digest }) => [id, digest]));
    return events.map(({ id }) => digests.get(id));
  });
  const note = batched<EncodedEvent, void>(TOGETHER, async (events) => {
    await db.execute(sql`
      INSERT INTO inbox (group_name, event_id, digest)
      SELECT ${group}, * FROM unnest(${column(events, 'id')}::uuid[], ${column(events, 'digest')}::text[]) ON CONFLICT DO NOTHING`);
    return events.map(() => undefined);
  });
  return {
    async handle(event, effect) {
      const encoded = encodeEvent(event);
      const digest = await digestOf(encoded);
      if (digest === undefined) {
        await effect();
        await note(encoded);
        return true;
      }
      if (digest !== encoded.digest) throw new AppError('event_id_conflict', { event_id: encoded.id });
      return false;
    },
  };
}

function column(events: readonly EncodedEvent[], name: 'id' | 'digest'): Param {
  return sql.param(events.map((event) => event[name]));
}
