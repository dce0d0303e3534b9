import { randomBytes } from 'node:crypto';
import { Socket } from 'phoenix';
import { onTestFinished } from 'vitest';
import type { CommentsJoinReply, CommentView } from '../../src/contracts/index.ts';
import { answer, type PhoenixChannel, type PhoenixSocket } from './phoenix.ts';
import type { RealtimeUnderTest } from './realtime.ts';

/** All that a stream tells. */
const EVENTS = ['comment:new', 'comment:batch', 'comment:deleted', 'comment:pinned', 'slow_mode', 'viewers', 'presence_state', 'presence_diff'] as const;
type CommentsEvent = (typeof EVENTS)[number];

/** One joined stream of a real phoenix.js client: what came, in order, and what it may do. */
export interface CommentsClient {
  channel: PhoenixChannel;
  socket: PhoenixSocket;
  reply: CommentsJoinReply;
  seen: { event: CommentsEvent; payload: any }[];
  /** Payloads of one event. */
  all(event: CommentsEvent): any[];
  /** Comments of the join reply and of what came since, one by one or in windows. */
  comments(): CommentView[];
  /** Resolves with the reply, rejects with the refusal. */
  push(event: string, payload: object): Promise<any>;
  send(content: string, more?: object): Promise<CommentView>;
  history(page?: object): Promise<CommentView[]>;
}

export function freshStream(): string {
  return `stream-${randomBytes(6).toString('hex')}`;
}

/** Connects a user and joins a stream. Rejects with the refusal of the join. */
export async function joinComments(
  realtime: RealtimeUnderTest,
  userId: string,
  streamId: string,
  { params = {}, roles = ['user'] }: { params?: object; roles?: string[] } = {},
): Promise<CommentsClient> {
  const socket = new Socket(`${realtime.url.replace('http', 'ws')}/socket`, { params: { token: await realtime.token(userId, { roles }) }, transport: WebSocket });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  const channel = socket.channel(`comments:${streamId}`, params) as unknown as PhoenixChannel;
  const client: Omit<CommentsClient, 'reply'> & { reply?: CommentsJoinReply } = {
    channel,
    socket,
    seen: [],
    all: (event) => client.seen.filter((one) => one.event === event).map(({ payload }) => payload),
    comments: () => [
      ...client.reply!.comments,
      ...client.seen.flatMap(({ event, payload }) => (event === 'comment:new' ? [payload] : event === 'comment:batch' ? payload.comments : [])),
    ],
    push: (event, payload) => answer(channel.push(event, payload)),
    send: async (content, more = {}) => (await client.push('comment:send', { content, ...more })).comment,
    history: async (page = {}) => (await client.push('comment:history', page)).comments,
  };
  for (const event of EVENTS) channel.on(event, (payload) => client.seen.push({ event, payload }));
  client.reply = await answer(channel.join());
  return client as CommentsClient;
}
