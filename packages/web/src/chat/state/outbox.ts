import type { Message } from './message.ts';
import type { Outgoing, Refusal, Room } from './room.ts';

/** A message is written: it is shown at once, and sent until the server has it. */
export function composed(room: Room, written: Pick<Outgoing, 'clientMessageId' | 'content' | 'replyTo' | 'createdAt'>): Room {
  const { clientMessageId, content, replyTo, createdAt } = written;
  const outgoing: Outgoing = { clientMessageId, content, replyTo, createdAt, state: 'pending', seq: null, refusal: null };
  return { ...room, outbox: [...room.outbox, outgoing], divider: null };
}

/** The server has it. It is shown as ours until it comes in its turn among the others. */
export function acknowledged(room: Room, clientMessageId: string, seq: number): Room {
  return settled(withOutgoing(room, clientMessageId, (one) => ({ ...one, state: 'sent', seq, refusal: null })));
}

/** What the server has already cannot fail any more: the answer to an earlier try was late. */
export function failed(room: Room, clientMessageId: string, refusal: Refusal): Room {
  return withOutgoing(room, clientMessageId, (one) => (one.state === 'pending' ? { ...one, state: 'failed', refusal } : one));
}

/** Takes out what the log shows now, by its name; and what was sent and is so old that the log begins later. */
export function settled(room: Room, arrived: readonly Message[] = []): Room {
  if (room.outbox.length === 0) return room;
  const last = room.messages.at(-1)?.seq ?? 0;
  const names = new Set(arrived.flatMap(({ senderId, clientMessageId }) => (senderId === room.me ? [clientMessageId] : [])));
  const outbox = room.outbox.filter(({ clientMessageId, seq }) => !names.has(clientMessageId) && (seq === null || seq > last));
  return outbox.length === room.outbox.length ? room : { ...room, outbox };
}

/** Changes one of them; `null` takes it away. */
export function withOutgoing(room: Room, clientMessageId: string, change: (one: Outgoing) => Outgoing | null): Room {
  const outbox = room.outbox.flatMap((one) => {
    const next = one.clientMessageId === clientMessageId ? change(one) : one;
    return next === null ? [] : [next];
  });
  return { ...room, outbox };
}
