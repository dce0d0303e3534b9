import { huddleParticipants, huddles, type HuddleParticipantRow, type HuddleRow, type Transaction } from '@armoricore/shared/db';
import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Huddle, Participant } from '../domain/huddle-machine.ts';
import { NOW_MS, seatColumns, seatOf } from './call-rows.ts';

export function huddleOf(row: HuddleRow, participants: readonly HuddleParticipantRow[]): Huddle {
  return {
    id: row.id,
    version: row.version,
    name: row.name,
    conversationId: row.conversationId,
    maxParticipants: row.maxParticipants,
    createdBy: row.createdBy,
    createdAt: row.createdAt.getTime(),
    endedAt: row.endedAt?.getTime() ?? null,
    participants: participants.map((one) => ({
      userId: one.userId,
      ref: one.ref,
      audio: one.audio,
      video: one.video,
      screen: one.screen,
      hand: one.hand,
      joinedAt: one.joinedAt.getTime(),
      seat: seatOf(one),
    })),
  };
}

/** In the order of their coming. */
export const IN_ORDER = [asc(huddleParticipants.joinedAt), asc(huddleParticipants.userId)] as const;

/** A huddle and its participants as the rows of a transaction that holds them. */
export async function lockHuddle(tx: Transaction, id: string): Promise<{ huddle: Huddle; now: number } | null> {
  const [found] = await tx.select({ row: huddles, now: NOW_MS }).from(huddles).where(eq(huddles.id, id)).for('update');
  if (found === undefined) return null;
  const participants = await tx.select().from(huddleParticipants).where(eq(huddleParticipants.huddleId, id)).orderBy(huddleParticipants.userId).for('update');
  const inOrder = participants.toSorted((a, b) => a.joinedAt.getTime() - b.joinedAt.getTime() || (a.userId < b.userId ? -1 : 1));
  return { huddle: huddleOf(found.row, inOrder), now: found.now };
}

export async function updateHuddle(tx: Transaction, before: Huddle, after: Huddle): Promise<void> {
  const { id, version, endedAt, participants } = after;
  await tx.update(huddles).set({ version, endedAt: endedAt === null ? null : new Date(endedAt), occupied: participants.length > 0 }).where(eq(huddles.id, id));
  const gone = before.participants.filter(({ userId }) => !participants.some((one) => one.userId === userId)).map(({ userId }) => userId);
  if (gone.length > 0) await tx.delete(huddleParticipants).where(and(eq(huddleParticipants.huddleId, id), inArray(huddleParticipants.userId, gone)));
  for (const participant of participants) if (!before.participants.includes(participant)) await putParticipant(tx, id, participant);
}

async function putParticipant(tx: Transaction, huddleId: string, { userId, seat, joinedAt, ...rest }: Participant): Promise<void> {
  const columns = { ...rest, joinedAt: new Date(joinedAt), ...seatColumns(seat) };
  const target = [huddleParticipants.huddleId, huddleParticipants.userId];
  await tx.insert(huddleParticipants).values({ huddleId, userId, ...columns }).onConflictDoUpdate({ target, set: columns });
}
