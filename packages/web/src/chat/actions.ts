import { signal } from '@preact/signals';
import { channelOf } from './connect.ts';
import { refusalInWords } from './reasons.ts';
import { dispatch } from './rooms.ts';
import type { Message } from './state/message.ts';

/** The latest thing that did not work, in words; each is a new object, so that the same is said again. */
export const notice = signal<{ words: string } | null>(null);

/** Shows a message at once, and sends it. */
export function send(roomId: string, content: string, replyTo: string | null): void {
  const clientMessageId = crypto.getRandomValues(new BigUint64Array(2)).join('-');
  dispatch(roomId, { type: 'composed', clientMessageId, content, replyTo, createdAt: new Date().toISOString() });
  channelOf(roomId)?.sender.send(clientMessageId);
}

export function retry(roomId: string, clientMessageId: string): void {
  dispatch(roomId, { type: 'retried', clientMessageId });
  channelOf(roomId)?.sender.send(clientMessageId);
}

export function edit(roomId: string, messageId: string, content: string): void {
  void change(roomId, 'message:edit', { messageId, content });
}

export function remove(roomId: string, messageId: string): void {
  void change(roomId, 'message:delete', { messageId });
}

/** Adds a reaction, or takes one's own back. */
export function react(roomId: string, message: Message, emoji: string): void {
  const mine = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.mine);
  void change(roomId, mine ? 'message:reaction:remove' : 'message:reaction:add', { messageId: message.id, emoji });
}

/** Says that somebody types here, or does no longer. Whether it arrives matters to nobody. */
export function sayTyping(roomId: string, event: 'typing:start' | 'typing:stop'): void {
  void channelOf(roomId)?.ask(event, {});
}

async function change(roomId: string, event: string, payload: object): Promise<void> {
  const answer = await channelOf(roomId)?.ask(event, payload);
  if (answer?.ok !== false) return;
  const emoji = answer.refusal.reason === 'invalid_payload' && 'emoji' in payload;
  notice.value = { words: emoji ? 'That is not one emoji.' : refusalInWords(answer.refusal) };
}
