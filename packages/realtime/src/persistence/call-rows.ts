import { callParties, calls, type CallPartyRow, type CallRow, type Transaction } from '@armoricore/shared/db';
import { and, eq, sql } from 'drizzle-orm';
import type { Call } from '../domain/call-machine.ts';
import { VACANT, type Seat } from '../domain/webrtc-seats.ts';

/** The clock of the database, in ms. */
export const NOW_MS = sql<number>`floor(extract(epoch FROM clock_timestamp()) * 1000)::float8`;

/** How long after a call began its callee is asked for once more, where the node that began it did not, in ms. */
const PUSH_DUE_MS = 2_000;

export function callOf(row: CallRow, parties: readonly CallPartyRow[]): Call {
  const seat = (userId: string): Seat => seatOf(parties.find((party) => party.userId === userId));
  return {
    id: row.id,
    version: row.version,
    type: row.type,
    state: row.state,
    callerId: row.callerId,
    calleeId: row.calleeId,
    caller: seat(row.callerId),
    callee: seat(row.calleeId),
    createdAt: row.createdAt.getTime(),
    ringUntil: row.ringUntil?.getTime() ?? null,
    answeredAt: row.answeredAt?.getTime() ?? null,
    endedAt: row.endedAt?.getTime() ?? null,
    reason: row.reason,
    endedBy: row.endedBy,
  };
}

/** A seat as tables keep it. */
export function seatColumns({ device, session, away, until }: Seat) {
  return { device, session, away, until: until === null ? null : new Date(until) };
}

export function seatOf(row: { device: string | null; session: string | null; away: boolean; until: Date | null } | undefined): Seat {
  return row === undefined ? VACANT : { device: row.device, session: row.session, away: row.away, until: row.until?.getTime() ?? null };
}

/** A call and its parties as the rows of a transaction that holds them. */
export async function lockCall(tx: Transaction, id: string): Promise<{ call: Call; now: number } | null> {
  const [found] = await tx.select({ row: calls, now: NOW_MS }).from(calls).where(eq(calls.id, id)).for('update');
  if (found === undefined) return null;
  const parties = await tx.select().from(callParties).where(eq(callParties.callId, id)).orderBy(callParties.userId).for('update');
  return { call: callOf(found.row, parties), now: found.now };
}

/** Writes a call that is not there yet. False when one of the two is in another call. */
export async function insertCall(tx: Transaction, call: Call): Promise<boolean> {
  const { id, version, type, state, callerId, calleeId, reason, endedBy } = call;
  const open = state !== 'ended';
  const times = { createdAt: new Date(call.createdAt), ringUntil: dateOf(call.ringUntil), endedAt: dateOf(call.endedAt), pushDueAt: open ? new Date(call.createdAt + PUSH_DUE_MS) : null };
  await tx.insert(calls).values({ id, version, type, state, callerId, calleeId, reason, endedBy, ...times });
  const parties = [
    { callId: id, userId: callerId, open, ...seatColumns(call.caller) },
    { callId: id, userId: calleeId, open, ...seatColumns(call.callee) },
  ].toSorted((a, b) => (a.userId < b.userId ? -1 : 1)); // In one order everywhere: two who call each other wait for one another only one way.
  const written = await tx.insert(callParties).values(parties).onConflictDoNothing().returning({ userId: callParties.userId });
  return written.length === parties.length;
}

export async function updateCall(tx: Transaction, before: Call, after: Call): Promise<void> {
  const { id, version, state, reason, endedBy } = after;
  const times = { ringUntil: dateOf(after.ringUntil), answeredAt: dateOf(after.answeredAt), endedAt: dateOf(after.endedAt) };
  await tx.update(calls).set({ version, state, reason, endedBy, ...times, ...(state === 'ringing' ? {} : { pushDueAt: null }) }).where(eq(calls.id, id));
  for (const role of ['caller', 'callee'] as const) {
    if (before[role] === after[role] && before.state === after.state) continue;
    const own = and(eq(callParties.callId, id), eq(callParties.userId, after[`${role}Id`]));
    await tx.update(callParties).set({ open: state !== 'ended', ...seatColumns(after[role]) }).where(own);
  }
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
