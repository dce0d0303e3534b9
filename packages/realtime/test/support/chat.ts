import { randomBytes } from 'node:crypto';
import { Socket } from 'phoenix';
import { onTestFinished } from 'vitest';
import type { ChatJoinReply, MessageView, NewMessage } from '../../src/contracts/index.ts';
import { answer, type PhoenixChannel, type PhoenixSocket } from './phoenix.ts';
import type { RealtimeUnderTest } from './realtime.ts';

/** All that a conversation tells. */
const EVENTS = [
  'message:new', 'message:edited', 'message:deleted', 'message:reaction:added', 'message:reaction:removed', 'message:read',
  'typing:start', 'typing:stop', 'user:online', 'user:offline', 'member:added', 'member:removed', 'presence_state', 'presence_diff',
] as const;
type ChatEvent = (typeof EVENTS)[number];

/** One joined conversation of a real phoenix.js client: what came, in order, and what it may do. */
export interface ChatClient {
  channel: PhoenixChannel;
  socket: PhoenixSocket;
  reply: ChatJoinReply;
  seen: { event: ChatEvent; payload: any }[];
  /** Payloads of one event. */
  all(event: ChatEvent): any[];
  /** Messages of the join reply and of `message:new`. */
  messages(): NewMessage[];
  /** Resolves with the reply, rejects with the refusal. */
  push(event: string, payload: object): Promise<any>;
  send(content: string, more?: object): Promise<NewMessage>;
  history(page?: object): Promise<MessageView[]>;
  closed: boolean;
}

export interface JoinOptions {
  params?: object;
  token?: string;
  /** Where to connect, when not straight to the server. */
  url?: string;
}

export function freshRoom(): string {
  return `room-${randomBytes(6).toString('hex')}`;
}

/** Connects a user and joins a conversation. Rejects with the refusal of the join. */
export async function joinChat(realtime: RealtimeUnderTest, userId: string, conversationId: string, { params = {}, token, url = realtime.url }: JoinOptions = {}): Promise<ChatClient> {
  const socket = new Socket(`${url.replace('http', 'ws')}/socket`, { params: { token: token ?? (await realtime.token(userId)) }, transport: WebSocket });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  const channel = socket.channel(`chat:${conversationId}`, params) as unknown as PhoenixChannel;
  const client: Omit<ChatClient, 'reply'> & { reply?: ChatJoinReply } = {
    channel,
    socket,
    seen: [],
    closed: false,
    all: (event) => client.seen.filter((one) => one.event === event).map(({ payload }) => payload),
    messages: () => [...client.reply!.messages, ...client.all('message:new')],
    push: (event, payload) => answer(channel.push(event, payload)),
    send: async (content, more = {}) => (await client.push('message:send', { type: 'text', content, ...more })).message,
    history: async (page = {}) => (await client.push('message:history', page)).messages,
  };
  for (const event of EVENTS) channel.on(event, (payload) => client.seen.push({ event, payload }));
  (channel as unknown as { onClose(callback: () => void): void }).onClose(() => (client.closed = true));
  client.reply = await answer(channel.join());
  return client as ChatClient;
}

export const seqs = (messages: readonly { seq: number }[]): number[] => messages.map(({ seq }) => seq);

/** 1 … n. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
