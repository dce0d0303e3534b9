import type { Identity } from '../auth/identity.ts';
import type { chatContract } from '../contracts/chat.ts';
import type { ChannelContext } from '../engine/index.ts';

/** How long somebody types who does not say so again, in ms. */
const TYPING_MS = 5_000;

/** Whether the user of one joined channel types. */
export class Typing {
  /** Set while he does; cancels the end. */
  cancel: (() => void) | null = null;
}

export type ChatContext = ChannelContext<typeof chatContract, Identity, { typing: Typing }>;

/** Tells the others that somebody types. It ends by itself, unless he says so again. */
export function startTyping(channel: ChatContext): void {
  const { typing } = channel.assigns;
  typing.cancel?.();
  typing.cancel = channel.after(TYPING_MS, () => stopTyping(channel));
  channel.broadcastFrom('typing:start', inConversation(channel));
}

/** Does nothing when he did not type. */
export function stopTyping(channel: ChatContext): void {
  const { typing } = channel.assigns;
  if (typing.cancel === null) return;
  typing.cancel();
  typing.cancel = null;
  channel.broadcastFrom('typing:stop', inConversation(channel));
}

/** The client joined: it learns who is there and, when it is the user's first device, the others that he is. */
export function arrive(channel: ChatContext): void | Promise<void> {
  const { userId } = channel.socket.identity;
  const first = !isThere(channel);
  channel.presence.track(userId, { online_at: new Date().toISOString() });
  if (first) channel.broadcastFrom('user:online', seenNow(channel));
  return channel.presence.pushState();
}

/** The channel ended, and its presence with it: the others learn so when it was the user's last device. */
export function depart(channel: ChatContext): void {
  stopTyping(channel);
  if (!isThere(channel)) channel.broadcastFrom('user:offline', seenNow(channel));
}

function isThere(channel: ChatContext): boolean {
  return Object.hasOwn(channel.presence.list(), channel.socket.identity.userId);
}

function seenNow({ socket }: ChatContext): { userId: string; lastSeenAt: string } {
  return { userId: socket.identity.userId, lastSeenAt: new Date().toISOString() };
}

function inConversation({ vars, socket }: ChatContext): { conversationId: string; userId: string } {
  return { conversationId: vars.conversation_id, userId: socket.identity.userId };
}
