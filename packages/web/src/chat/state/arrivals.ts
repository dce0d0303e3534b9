import { applyChange, freshMessage, mergeMessages, type Change, type Message, type NewMessage } from './message.ts';
import { settled } from './outbox.ts';
import { PAGE, type JoinReply, type Room } from './room.ts';
import { recounted } from './unread.ts';

/** Changes that are kept for messages to come. */
const RECENT = 200;
/** A room grows to so many messages, to more while somebody has scrolled up in it, and is cut back then. */
const MOST = 1_000;
const MOST_SCROLLED = 5_000;
const CUT = 500;

/** Joined, or joined again: the reply has what was missed, or the newest when that was too much. */
export function joined(room: Room, { messages, latest_seq, unread, truncated }: JoinReply): Room {
  const last = room.messages.at(-1)?.seq ?? 0;
  const follows = truncated !== true && last <= latest_seq && (messages[0]?.seq ?? latest_seq + 1) <= last + 1;
  const kept = follows ? room.messages : [];
  const all = mergeMessages(kept, messages);
  const next: Room = {
    ...room,
    state: 'joined',
    refusal: null,
    messages: all,
    atBeginning: latest_seq === 0 || all[0]?.seq === 1,
    stale: kept.length > 0 || (room.open && all.length < PAGE && latest_seq > 0 && all[0]?.seq !== 1),
    latestSeq: latest_seq,
    readSeq: markAfterJoin(room, latest_seq, unread, kept.length > 0 ? [] : all),
    unread,
    activeAt: all.at(-1)?.createdAt ?? room.activeAt,
    recent: [],
  };
  return settled(next, messages);
}

/** Our mark, which a join does not tell: from what is unread, where that says it, else as it was known (the list tells it, too). */
function markAfterJoin({ readSeq, me }: Room, latest: number, unread: number, fresh: readonly Message[]): number {
  if (unread === 0) return latest;
  const first = fresh.filter(({ senderId, deletedAt }) => senderId !== me && deletedAt === null).at(-unread);
  return Math.max(readSeq ?? 0, (first?.seq ?? 1) - 1);
}

/** A new message, in its turn. One that is known changes nothing. */
export function heard(room: Room, message: NewMessage): Room {
  const last = room.messages.at(-1)?.seq ?? 0;
  if (message.seq <= last) return settled(room, [freshMessage(message)]);
  const arrived = withRecent(room, [freshMessage(message)]);
  // After a hole, which the server does not make, the log begins anew: scrolling up reads what is missing.
  const before = message.seq === last + 1 ? room.messages : [];
  const all = [...before, ...arrived];
  const messages = all.length > (room.open && !room.attended ? MOST_SCROLLED : MOST) ? all.slice(-CUT) : all;
  const foreign = message.senderId !== room.me;
  const next: Room = {
    ...room,
    messages,
    atBeginning: messages[0]?.seq === 1,
    latestSeq: Math.max(room.latestSeq, message.seq),
    unread: room.unread + (foreign && message.seq > (room.readSeq ?? 0) ? 1 : 0),
    activeAt: message.createdAt,
    typing: room.typing.filter((id) => id !== message.senderId),
    divider: foreign && !room.attended ? dividerBefore(room, message.seq) : room.divider,
  };
  return recounted(settled(next, arrived));
}

/** What came since somebody last looked is below the divider. */
function dividerBefore({ readSeq, divider }: Room, seq: number): number {
  return (readSeq ?? 0) >= seq - 1 ? seq - 1 : (divider ?? seq - 1);
}

/** A message was edited, deleted or reacted to. */
export function changed(room: Room, change: Change): Room {
  const recent = [...room.recent, change].slice(-RECENT);
  const messages = room.messages.map((message) => (message.id === change.messageId ? applyChange(message, change, room.me) : message));
  return recounted({ ...room, recent, messages });
}

/** A page of the history that meets what is known. `newest`: it ends with the newest message that there was. */
export function paged(room: Room, page: readonly Message[], newest: boolean): Room {
  const first = room.messages[0]?.seq ?? room.latestSeq + 1;
  const last = room.messages.at(-1)?.seq ?? room.latestSeq;
  // What is newer than the log comes in its turn; what does not meet it belongs to a log that was given up meanwhile.
  const fitting = page.filter(({ seq }) => seq <= last);
  if (page.length > 0 && (fitting.at(-1)?.seq ?? -1) < first - 1) return room;
  const messages = mergeMessages(room.messages, withRecent(room, fitting));
  const atBeginning = page.length === 0 ? true : messages[0]?.seq === 1;
  return recounted(settled({ ...room, messages, atBeginning, stale: room.stale && !newest }, fitting));
}

/** A page may be older than changes that were told while it was on its way. */
function withRecent({ recent, me }: Room, messages: readonly Message[]): readonly Message[] {
  if (recent.length === 0) return messages;
  return messages.map((message) =>
    recent.reduce((state, change) => (change.messageId === message.id ? applyChange(state, change, me) : state), message),
  );
}
