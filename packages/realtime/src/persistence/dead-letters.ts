import type { Bus } from '@armoricore/shared/bus';
import { deadLetters, type Database } from '@armoricore/shared/db';
import { and, asc, count, desc, eq, getTableColumns, gt, gte, lt, type SQL } from 'drizzle-orm';
import type { DeadLetterFilter, DeadLetterRepository } from '../domain/dead-letters.ts';
import { recordAct } from './audit.ts';

const { payload: _payload, ...SUMMARY } = getTableColumns(deadLetters);

/** Dead letters in PostgreSQL. */
export function createDeadLetterRepository(db: Database, bus: Bus): DeadLetterRepository {
  return {
    list: (filter, { after, limit }, order) =>
      db
        .select(SUMMARY)
        .from(deadLetters)
        .where(and(matches(filter), after === undefined ? undefined : (order === 'newest' ? lt : gt)(deadLetters.id, after)))
        .orderBy((order === 'newest' ? desc : asc)(deadLetters.id))
        .limit(limit),

    async count(filter, after) {
      const [row] = await db
        .select({ letters: count() })
        .from(deadLetters)
        .where(and(matches(filter), after === undefined ? undefined : gt(deadLetters.id, after)));
      return row?.letters ?? 0;
    },

    async find(id) {
      const [row] = await db.select().from(deadLetters).where(eq(deadLetters.id, id)).limit(1);
      return row ?? null;
    },

    async idOfJob(queue, jobId) {
      const [row] = await db
        .select({ id: deadLetters.id })
        .from(deadLetters)
        .where(and(eq(deadLetters.kind, 'job'), eq(deadLetters.origin, queue), eq(deadLetters.refId, jobId)));
      return row?.id ?? null;
    },

    remove: (id, act, replay) =>
      db.transaction(async (transaction) => {
        const gone = await transaction.delete(deadLetters).where(eq(deadLetters.id, id)).returning({ id: deadLetters.id });
        if (gone.length === 0) return false;
        await recordAct(transaction, act);
        if (replay !== undefined) await bus.publish(replay.event, { transaction, group: replay.group });
        return true;
      }),
  };
}

function matches({ kind, origin, name, reason, since, until }: DeadLetterFilter): SQL | undefined {
  return and(
    kind === undefined ? undefined : eq(deadLetters.kind, kind),
    origin === undefined ? undefined : eq(deadLetters.origin, origin),
    name === undefined ? undefined : eq(deadLetters.name, name),
    reason === undefined ? undefined : eq(deadLetters.reason, reason),
    since === undefined ? undefined : gte(deadLetters.createdAt, since),
    until === undefined ? undefined : lt(deadLetters.createdAt, until),
  );
}
