import { signal } from '@preact/signals';
import type { Message } from './state/message.ts';

/** What the text field of the open room is for. */
export type Composing = { to: 'write'; replyTo: Message | null } | { to: 'edit'; message: Message; text: string };

const WRITE: Composing = { to: 'write', replyTo: null };

export const composing = signal<Composing>(WRITE);

export function startReply(message: Message): void {
  composing.value = { to: 'write', replyTo: message };
}

export function startEdit(message: Message): void {
  composing.value = { to: 'edit', message, text: message.content };
}

export function backToWriting(): void {
  composing.value = WRITE;
}
