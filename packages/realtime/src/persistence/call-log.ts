import { callParties, calls, type CallRow, type Database } from '@armoricore/shared/db';
import { and, desc, eq, lt } from 'drizzle-orm';
import type { CallLogEntry } from '../contracts/calls.ts';
import { pageOf, type Page } from '../domain/page.ts';

/** The calls of a user, the newest first. */
export async function callLog(db: Database, userId: string, { after, limit }: Page): Promise<{ calls: CallLogEntry[]; next: string | null }> {
  const older = after === undefined ? undefined : lt(callParties.callId, after);
  const rows = await db
    .select({ call: calls })
    .from(callParties)
    .innerJoin(calls, eq(calls.id, callParties.callId))
    .where(and(eq(callParties.userId, userId), older))
    .orderBy(desc(callParties.callId))
    .limit(limit + 1);
  const { entries, next } = pageOf(rows.map(({ call }) => call), limit, ({ id }) => id);
  return { calls: entries.map((row) => entryOf(row, userId)), next };
}

function entryOf(row: CallRow, userId: string): CallLogEntry {
  const { answeredAt, endedAt } = row;
  return {
    call_id: row.id,
    type: row.type,
    state: row.state,
    caller_id: row.callerId,
    callee_id: row.calleeId,
    direction: row.callerId === userId ? 'outgoing' : 'incoming',
    reason: row.reason,
    ended_by: row.endedBy,
    created_at: row.createdAt.toISOString(),
    answered_at: answeredAt?.toISOString() ?? null,
    ended_at: endedAt?.toISOString() ?? null,
    duration_ms: answeredAt === null || endedAt === null ? null : endedAt.getTime() - answeredAt.getTime(),
  };
}
