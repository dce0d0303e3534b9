import { dayKey } from '../times.ts';
import type { Message } from './message.ts';
import type { Outgoing, Room } from './room.ts';

/** A line of the log. `first`: it begins a group of one author, who is named there. */
export type Entry =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: string }
  | { kind: 'message'; key: string; message: Message; own: boolean; first: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing; first: boolean };

/** Messages of one author within so long are one group, in ms. */
const GROUP_MS = 5 * 60_000;

/** What the log of a room shows, from top to bottom. Pure. */
export function entriesOf({ messages, outbox, divider, me }: Pick<Room, 'messages' | 'outbox' | 'divider' | 'me'>): Entry[] {
  const entries: Entry[] = [];
  let before: { author: string; at: string } | null = null;
  let dividerDue = divider !== null;

  /** Adds what separates a message from the one before. Returns whether it begins a group. */
  function separate(author: string, at: string): boolean {
    const sameDay: boolean = before !== null && dayKey(before.at) === dayKey(at);
    const near: boolean = before !== null && Date.parse(at) - Date.parse(before.at) < GROUP_MS;
    const first = !sameDay || !near || before?.author !== author;
    if (!sameDay) entries.push({ kind: 'day', key: `day ${dayKey(at)} ${at}`, at });
    before = { author, at };
    return first;
  }

  for (const message of messages) {
    const { id, seq, senderId, createdAt, clientMessageId } = message;
    const own = senderId === me;
    let first = separate(senderId, createdAt);
    if (dividerDue && seq > (divider as number) && !own) {
      dividerDue = false;
      first = true;
      entries.push({ kind: 'new', key: 'new' });
    }
    entries.push({ kind: 'message', key: own && clientMessageId !== null ? clientMessageId : id, message, own, first });
  }
  for (const outgoing of outbox) {
    const first = separate(me, outgoing.createdAt);
    entries.push({ kind: 'outgoing', key: outgoing.clientMessageId, outgoing, first });
  }
  return entries;
}
