import type { Room } from './room.ts';

/** The server counts no more either. */
const MOST = 1_000;

/** Somebody read everything up to a message. Marks never fall. */
export function read(room: Room, userId: string, seq: number): Room {
  if (userId === room.me) return recounted({ ...room, readSeq: Math.max(room.readSeq ?? 0, seq) });
  if (seq <= (room.readers[userId] ?? 0)) return room;
  return { ...room, readers: { ...room.readers, [userId]: seq } };
}

/** The room with its unread messages counted again: those of others after our mark that are not deleted. */
export function recounted(room: Room): Room {
  const { messages, readSeq, latestSeq, me } = room;
  if (readSeq === null) return room;
  if (readSeq >= latestSeq) return room.unread === 0 ? room : { ...room, unread: 0 };
  const first = messages[0];
  // What lies before the messages that are known was counted by the server.
  if (first === undefined || first.seq > readSeq + 1) return { ...room, unread: Math.min(room.unread, latestSeq - readSeq) };
  const unread = messages.filter(({ seq, senderId, deletedAt }) => seq > readSeq && senderId !== me && deletedAt === null).length;
  return { ...room, unread: Math.min(MOST, unread) };
}

/** Who has read a message, as far as it was told; its author aside. */
export function readersOf(room: Room, seq: number, senderId: string): string[] {
  return Object.entries(room.readers).flatMap(([userId, mark]) => (mark >= seq && userId !== senderId ? [userId] : []));
}
