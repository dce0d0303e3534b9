import { changed, heard, joined, paged } from './arrivals.ts';
import { acknowledged, composed, failed, withOutgoing } from './outbox.ts';
import { PAGE, type Room, type RoomEvent } from './room.ts';
import { read, recounted } from './unread.ts';

/** Messages that a room keeps when nobody looks at it. */
const KEPT = 100;

/** The next state of a room. Pure: what comes late, twice, or of messages that are not known, does no harm. */
export function reduce(room: Room, event: RoomEvent): Room {
  switch (event.type) {
    case 'listed': {
      const { title, role, last_message_at: activeAt, read_seq, unread, latest_seq } = event.conversation;
      const listed = { ...room, title, role, activeAt: latest(room.activeAt, activeAt), readSeq: Math.max(room.readSeq ?? 0, read_seq) };
      // Of a joined room the channel tells everything in its turn.
      return recounted(room.state === 'joined' ? listed : { ...listed, unread, latestSeq: latest_seq });
    }
    case 'joined':
      return joined(room, event.reply);
    case 'refused':
      return { ...room, state: 'refused', refusal: event.refusal, here: [], typing: [] };
    case 'lost':
      return { ...room, state: room.state === 'refused' ? 'refused' : 'joining', here: [], typing: [] };
    case 'heard':
      return heard(room, event.message);
    case 'changed':
      return changed(room, event.change);
    case 'paged':
      return paged(room, event.messages, event.newest);
    case 'read':
      return read(room, event.userId, event.seq);
    case 'typing': {
      const others = room.typing.filter((id) => id !== event.userId);
      return { ...room, typing: event.on && event.userId !== room.me ? [...others, event.userId] : others };
    }
    case 'present':
      return { ...room, here: event.userIds };
    case 'opened':
      return { ...room, open: true, stale: room.stale || isShort(room), divider: room.unread > 0 ? room.readSeq : null };
    case 'closed':
      return closed(room);
    case 'attended':
      return room.attended === event.attended ? room : { ...room, attended: event.attended };
    case 'composed':
      return composed(room, event);
    case 'acknowledged':
      return acknowledged(room, event.clientMessageId, event.seq);
    case 'failed':
      return failed(room, event.clientMessageId, event.refusal);
    case 'retried':
      return withOutgoing(room, event.clientMessageId, (one) => (one.state === 'failed' ? { ...one, state: 'pending', refusal: null } : one));
    case 'discarded':
      return withOutgoing(room, event.clientMessageId, () => null);
  }
}

function closed(room: Room): Room {
  const messages = room.messages.slice(-KEPT);
  const atBeginning = room.atBeginning && messages.length === room.messages.length;
  return { ...room, messages, atBeginning, open: false, attended: false, divider: null };
}

/** Whether there are too few messages to show. */
export function isShort({ messages, atBeginning }: Pick<Room, 'messages' | 'atBeginning'>): boolean {
  return messages.length < PAGE && !atBeginning;
}

/** The later of two ISO times. */
export function latest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
