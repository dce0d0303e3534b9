import type { Message, NewMessage } from '../../../src/chat/state/message.ts';
import type { Conversation, JoinReply, RoomEvent } from '../../../src/chat/state/room.ts';

export const ME = 'me';

/** A conversation as the server keeps it, by the rules of docs/channels.md; `tell` gets what it tells everyone. */
export class ServerRoom {
  readonly messages: Message[] = [];
  mark = 0;
  readonly #tell: (event: RoomEvent) => void;

  constructor(tell: (event: RoomEvent) => void) {
    this.#tell = tell;
  }

  get latest(): number {
    return this.messages.length;
  }

  get unread(): number {
    return this.messages.filter(({ seq, senderId, deletedAt }) => seq > this.mark && senderId !== ME && deletedAt === null).length;
  }

  /** The same name twice is one message, told once. */
  send(senderId: string, clientMessageId: string | null): Message {
    const known = this.messages.find((message) => clientMessageId !== null && message.clientMessageId === clientMessageId && message.senderId === senderId);
    if (known !== undefined) return known;
    const seq = this.latest + 1;
    const fresh: NewMessage = { id: `m${seq}`, seq, senderId, content: `text ${seq}`, replyTo: null, attachments: [], clientMessageId, createdAt: timeOf(seq) };
    const message: Message = { ...fresh, editedAt: null, revision: 0, deletedAt: null, reactions: [] };
    this.messages.push(message);
    this.#tell({ type: 'heard', message: fresh });
    return message;
  }

  edit(seq: number): void {
    const message = this.#alive(seq);
    if (message === undefined) return;
    message.revision += 1;
    message.content = `text ${seq}, revision ${message.revision}`;
    message.editedAt = timeOf(seq);
    const { id: messageId, content, editedAt, revision } = message;
    this.#tell({ type: 'changed', change: { type: 'edited', messageId, content, editedAt, revision } });
  }

  remove(seq: number): void {
    const message = this.#alive(seq);
    if (message === undefined) return;
    Object.assign(message, { content: '', editedAt: null, reactions: [], deletedAt: timeOf(seq) });
    this.#tell({ type: 'changed', change: { type: 'deleted', messageId: message.id, deletedAt: timeOf(seq) } });
  }

  react(seq: number, userId: string, emoji: string): void {
    const message = this.#alive(seq);
    if (message === undefined) return;
    const known = message.reactions.find((reaction) => reaction.emoji === emoji);
    if (known?.userIds.includes(userId)) return;
    const userIds = [...(known?.userIds ?? []), userId];
    this.#setReaction(message, emoji, userIds);
    this.#tell({ type: 'changed', change: { type: 'reacted', messageId: message.id, userId, emoji } });
  }

  unreact(seq: number, userId: string, emoji: string): void {
    const message = this.#alive(seq);
    const known = message?.reactions.find((reaction) => reaction.emoji === emoji);
    if (message === undefined || known === undefined || !known.userIds.includes(userId)) return;
    this.#setReaction(message, emoji, known.userIds.filter((id) => id !== userId));
    this.#tell({ type: 'changed', change: { type: 'unreacted', messageId: message.id, userId, emoji } });
  }

  /** By another device of the same user. */
  read(seq: number): void {
    if (seq <= this.mark || seq > this.latest) return;
    this.mark = seq;
    this.#tell({ type: 'read', userId: ME, seq });
  }

  /** The reply of a join. */
  snapshot(since: number | null, limit: number): JoinReply {
    const after = since ?? 0;
    const messages = this.messages.slice(Math.max(after, this.latest - limit));
    const truncated = since !== null && messages.length < this.latest - after;
    return structuredClone({ messages, latest_seq: this.latest, unread: this.unread, ...(truncated ? { truncated } : {}) });
  }

  page(before: number, limit: number): Message[] {
    return structuredClone(this.messages.slice(Math.max(0, before - 1 - limit), before - 1));
  }

  listed(): Conversation {
    return { conversation_id: 'room', title: null, role: 'member', latest_seq: this.latest, read_seq: this.mark, unread: this.unread, last_message_at: this.latest === 0 ? null : timeOf(this.latest) };
  }

  #alive(seq: number): Message | undefined {
    const message = this.messages[seq - 1];
    return message === undefined || message.deletedAt !== null ? undefined : message;
  }

  #setReaction(message: Message, emoji: string, userIds: readonly string[]): void {
    const reaction = { emoji, count: userIds.length, userIds, mine: userIds.includes(ME) };
    const known = message.reactions.some((one) => one.emoji === emoji);
    message.reactions = (known ? message.reactions.map((one) => (one.emoji === emoji ? reaction : one)) : [...message.reactions, reaction]).filter(({ count }) => count > 0);
  }
}

export const timeOf = (seq: number): string => new Date(Date.UTC(2026, 2, 3, 8, 0, seq)).toISOString();
