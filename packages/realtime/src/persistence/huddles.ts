import { conversationMembers, conversations, huddleParticipants, huddles, type Database } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { and, desc, eq, exists, inArray, isNull, lt, lte, ne, or, sql, type SQL } from 'drizzle-orm';
import type { HuddleReader, HuddleRepository } from '../domain/huddle-repository.ts';
import { huddleEntryOf } from '../domain/huddles.ts';
import { pageOf } from '../domain/page.ts';
import { leaseMs } from '../domain/webrtc-seats.ts';
import { recordAct } from './audit.ts';
import { guarded } from './chat.ts';
import { huddleOf, IN_ORDER, lockHuddle, updateHuddle } from './huddle-rows.ts';

/** Huddles in PostgreSQL. Every method throws AppError `unavailable` when it does not answer. */
export function createHuddleRepository(db: Database, { graceMs }: { graceMs: number }): HuddleRepository {
  return guarded<HuddleRepository>({
    async create(huddle) {
      await db.insert(huddles).values({ ...huddle, version: 1, createdAt: new Date() });
    },

    change: (huddleId, step, act) =>
      db.transaction(async (tx) => {
        const held = await lockHuddle(tx, huddleId);
        if (held === null) return null;
        const { huddle: before, now } = held;
        const after = step(before, now);
        if (after !== before) {
          await updateHuddle(tx, before, after);
          if (act !== undefined) await recordAct(tx, act);
        }
        return { before, after };
      }),

    // One transaction: the participants must be those of the version.
    read: (huddleId) =>
      db.transaction(
        async (tx) => {
          const [row] = await tx.select().from(huddles).where(eq(huddles.id, huddleId));
          if (row === undefined) return null;
          return huddleOf(row, await tx.select().from(huddleParticipants).where(eq(huddleParticipants.huddleId, huddleId)).orderBy(...IN_ORDER));
        },
        { isolationLevel: 'repeatable read', accessMode: 'read only' },
      ),

    async versions(huddleIds) {
      const rows = await db.select({ id: huddles.id, version: huddles.version }).from(huddles).where(inArray(huddles.id, [...huddleIds]));
      return new Map(rows.map(({ id, version }) => [id, version]));
    },

    async renew(sessions) {
      if (sessions.length === 0) return;
      // In one order everywhere, as whoever changes a huddle holds all of its participants.
      await db.execute(sql`
        WITH held AS (
          SELECT huddle_id, user_id FROM huddle_participants WHERE session = ANY (${sql.param([...sessions])}::text[]) AND NOT away
          ORDER BY huddle_id, user_id FOR UPDATE
        )
        UPDATE huddle_participants p SET until = clock_timestamp() + ${leaseMs(graceMs)} * interval '1 millisecond'
        FROM held WHERE p.huddle_id = held.huddle_id AND p.user_id = held.user_id`);
    },

    async due(limit) {
      const rows = await db.selectDistinct({ id: huddleParticipants.huddleId }).from(huddleParticipants).where(lte(huddleParticipants.until, sql`clock_timestamp()`)).limit(limit);
      return rows.map(({ id }) => id);
    },

    async list(reader, { before, limit }) {
      const found = await db
        .select()
        .from(huddles)
        .where(and(isNull(huddles.endedAt), visibleTo(db, reader), before === undefined ? undefined : olderThan(before)))
        .orderBy(desc(huddles.occupied), desc(huddles.id))
        .limit(limit + 1);
      const { entries, next } = pageOf(found, limit, ({ occupied, id }) => `${occupied ? 1 : 0}_${id}`);
      const participants = await db.select().from(huddleParticipants).where(inArray(huddleParticipants.huddleId, entries.map(({ id }) => id))).orderBy(...IN_ORDER);
      return {
        huddles: entries.map((row) => huddleEntryOf(huddleOf(row, participants.filter(({ huddleId }) => huddleId === row.id)))),
        next,
      };
    },
  });
}

/** Those of no conversation, and those of conversations that the reader may read. */
function visibleTo(db: Database, { userId, conversations: named, trusted }: HuddleReader): SQL | undefined {
  if (trusted) return undefined;
  const readable = db
    .select({ id: conversations.id })
    .from(conversations)
    .leftJoin(conversationMembers, and(eq(conversationMembers.conversationId, conversations.id), eq(conversationMembers.userId, userId), ne(conversationMembers.role, 'guest')))
    .where(and(eq(conversations.id, huddles.conversationId), or(conversations.public, eq(conversationMembers.userId, userId))));
  return or(isNull(huddles.conversationId), exists(readable), named.length > 0 ? inArray(huddles.conversationId, [...named]) : undefined);
}

/** @throws AppError `invalid_payload` for a strange cursor */
function olderThan(cursor: string): SQL | undefined {
  const [, occupied, id = ''] = /^([01])_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (occupied === undefined) throw new AppError('invalid_payload', { issues: [{ path: 'before', message: 'is no `next` of an earlier page' }] });
  const after = and(eq(huddles.occupied, occupied === '1'), lt(huddles.id, id));
  return occupied === '1' ? or(after, eq(huddles.occupied, false)) : after;
}
