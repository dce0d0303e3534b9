import type { Bus } from '@armoricore/shared/bus';
import { callParties, calls, conversationMembers, type Database, type Transaction } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { and, eq, inArray, isNotNull, lte, ne, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { isMissed, type Call } from '../domain/call-machine.ts';
import type { CallRepository } from '../domain/call-repository.ts';
import { leaseMs } from '../domain/webrtc-seats.ts';
import { callLog } from './call-log.ts';
import { incomingNotice, missedNotice } from './call-notices.ts';
import { callOf, insertCall, lockCall, updateCall } from './call-rows.ts';
import { guarded } from './chat.ts';

/** How often a request to call begins anew when others were in the way. */
const MOST_TRIES = 5;

/** Somebody began or ended a call with one of the two meanwhile. */
class Overtaken extends Error {}

/** Calls in PostgreSQL. Every method throws AppError `unavailable` when it does not answer. */
export function createCallRepository(db: Database, bus: Bus, { graceMs }: { graceMs: number }): CallRepository {
  const tellMissed = async (tx: Transaction, before: Call | null, after: Call): Promise<void> => {
    if (isMissed(before, after)) await bus.publish(missedNotice(after), { transaction: tx });
  };

  const placeOnce: CallRepository['place'] = ({ caller, calleeId }, decide) =>
    db.transaction(async (tx) => {
      const { open, now } = await lockOpen(tx, [caller.userId, calleeId]);
      const placement = decide(open, now);
      for (const { before, after } of placement.changes) {
        await updateCall(tx, before, after);
        await tellMissed(tx, before, after);
      }
      if (placement.isNew) {
        if (!(await insertCall(tx, placement.call))) throw new Overtaken();
        await tellMissed(tx, null, placement.call);
      }
      return placement;
    });

  const read: CallRepository['read'] = async (callId) => {
    const rows = await db.select().from(calls).innerJoin(callParties, eq(callParties.callId, calls.id)).where(eq(calls.id, callId));
    return rows[0] === undefined ? null : callOf(rows[0].calls, rows.map((row) => row.call_parties));
  };

  return guarded<CallRepository>({
    read,

    async place(request, decide) {
      for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
        try {
          return await placeOnce(request, decide);
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
        }
      }
      throw new AppError('overloaded');
    },

    change: (callId, step) =>
      db.transaction(async (tx) => {
        const held = await lockCall(tx, callId);
        if (held === null) return null;
        const { call: before, now } = held;
        const after = step(before, now);
        if (after !== before) await updateCall(tx, before, after);
        await tellMissed(tx, before, after);
        return { before, after };
      }),

    async versions(callIds) {
      const rows = await db.select({ id: calls.id, version: calls.version }).from(calls).where(inArray(calls.id, [...callIds]));
      return new Map(rows.map(({ id, version }) => [id, version]));
    },

    async openOf(userId) {
      const [own] = await db.select({ callId: callParties.callId }).from(callParties).where(and(eq(callParties.userId, userId), callParties.open));
      return own === undefined ? null : read(own.callId);
    },

    async renew(sessions) {
      if (sessions.length === 0) return;
      // In one order everywhere, as whoever changes a call holds both of its parties.
      await db.execute(sql`
        WITH held AS (
          SELECT call_id, user_id FROM call_parties WHERE session = ANY (${sql.param([...sessions])}::text[]) AND open AND NOT away
          ORDER BY call_id, user_id FOR UPDATE
        )
        UPDATE call_parties p SET until = clock_timestamp() + ${leaseMs(graceMs)} * interval '1 millisecond'
        FROM held WHERE p.call_id = held.call_id AND p.user_id = held.user_id`);
    },

    async due(limit) {
      const { rows } = await db.execute<{ id: string }>(sql`
        SELECT id FROM calls WHERE ring_until <= clock_timestamp()
        UNION SELECT call_id FROM call_parties WHERE until <= clock_timestamp() LIMIT ${limit}`);
      const pushes = await db
        .select({ callId: calls.id, calleeId: calls.calleeId })
        .from(calls)
        .where(lte(calls.pushDueAt, sql`clock_timestamp()`))
        .limit(limit);
      return { timedOut: rows.map(({ id }) => id), pushes };
    },

    settlePush: (callId, { wanted }) =>
      db.transaction(async (tx) => {
        const held = await lockCall(tx, callId);
        if (held?.call.state !== 'ringing') return;
        const [settled] = await tx.update(calls).set({ pushDueAt: null }).where(and(eq(calls.id, callId), isNotNull(calls.pushDueAt))).returning({ id: calls.id });
        if (settled !== undefined && wanted) await bus.publish(incomingNotice(held.call, held.now), { transaction: tx });
      }),

    async shareConversation(one, other) {
      const theirs = alias(conversationMembers, 'theirs');
      const [shared] = await db
        .select({ id: theirs.conversationId })
        .from(conversationMembers)
        .innerJoin(theirs, and(eq(theirs.conversationId, conversationMembers.conversationId), eq(theirs.userId, other), ne(theirs.role, 'guest')))
        .where(and(eq(conversationMembers.userId, one), ne(conversationMembers.role, 'guest')))
        .limit(1);
      return shared !== undefined;
    },

    log: (userId, page) => callLog(db, userId, page),
  });
}

/** Holds the calls that some users are in, and says which those are. */
async function lockOpen(tx: Transaction, userIds: string[]): Promise<{ open: Call[]; now: number }> {
  const rows = await tx.selectDistinct({ id: callParties.callId }).from(callParties).where(and(inArray(callParties.userId, userIds), callParties.open)).orderBy(callParties.callId);
  const open: Call[] = [];
  for (const { id } of rows) {
    const held = await lockCall(tx, id);
    if (held !== null && held.call.state !== 'ended') open.push(held.call);
  }
  const { rows: clock } = await tx.execute<{ now: number }>(sql`SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`);
  return { open, now: clock[0]!.now };
}
