import { AppError, toAppError } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { chatContract } from '../contracts/chat.ts';
import type { ChatFeeds, Told as Happening } from '../domain/chat-feed.ts';
import type { Change, ChatService, Told } from '../domain/chat.ts';
import type { Rate, RateLimiter } from '../domain/rate-limit.ts';
import { channelFor, noReply, type Channel, type ChannelContext } from '../engine/index.ts';
import { arrive, depart, startTyping, stopTyping, Typing } from './chat-presence.ts';
import { Recording } from './chat-recording.ts';

export interface ChatChannelOptions {
  chat: ChatService;
  feeds: ChatFeeds;
  limiter: RateLimiter;
  /** Messages that a user may send to one conversation, in the long run. */
  messagesPerSecond: number;
}

interface Assigns {
  recording: Recording;
  typing: Typing;
}
type Context = ChannelContext<typeof chatContract, Identity, Assigns>;

/** What a user may do in one conversation; each event counts by itself. */
const RATES: Record<string, Rate> = {
  phx_join: { perSecond: 5, burst: 30 },
  'message:history': { perSecond: 10, burst: 20 },
  'typing:start': { perSecond: 2, burst: 10 },
  'typing:stop': { perSecond: 2, burst: 10 },
};
const OTHER_RATE: Rate = { perSecond: 20, burst: 60 };

/** `chat:<conversation_id>`: messages, edits, reactions, read marks, typing and who is there. */
export function createChatChannel({ chat, feeds, limiter, messagesPerSecond }: ChatChannelOptions): Channel<Identity> {
  const rates: Record<string, Rate> = { ...RATES, 'message:send': { perSecond: messagesPerSecond, burst: messagesPerSecond * 3 } };

  /** @throws AppError `rate_limited` */
  function limit({ topic, socket }: Pick<Context, 'topic' | 'socket'>, event: string): void {
    const wait = limiter.take(JSON.stringify([socket.identity.userId, topic, event]), rates[event] ?? OTHER_RATE);
    if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
  }

  /** A change of a message: once it is durable, and unless it changed nothing, it is told. */
  async function change<T extends object>(channel: Context, request: { event: string }, messageId: string, work: (change: Change) => Promise<Told<T>>): Promise<(T & About) | null> {
    limit(channel, request.event);
    const conversationId = channel.vars.conversation_id;
    const told = await work({ conversationId, messageId, userId: channel.socket.identity.userId });
    return told === null ? null : { conversationId, ...told };
  }

  return channelFor<Identity>()<typeof chatContract, Assigns>(chatContract, {
    async join({ vars, topic, params, socket, signal }) {
      limit({ topic, socket }, 'phx_join');
      await chat.admit(vars.conversation_id, socket.identity);
      const recording = new Recording(feeds.open(vars.conversation_id), signal);
      try {
        const reply = await chat.snapshot(vars.conversation_id, socket.identity.userId, params);
        await recording.reach(reply.latest_seq);
        return { reply, assigns: { recording, typing: new Typing() } };
      } catch (thrown) {
        recording.stop();
        throw thrown;
      }
    },

    joined(channel) {
      // The channel was subscribed in this same turn: what is told from here on goes straight to the client.
      const missed = channel.assigns.recording.stop();
      if (missed === null) return channel.stop('overloaded');
      for (const told of missed) if (!hearMissed(told, channel)) return undefined;
      return arrive(channel);
    },

    on: {
      'message:send'({ conversationId = null, ...message }, channel, request) {
        limit(channel, request.event);
        assertHere(conversationId, channel);
        stopTyping(channel);
        const draft = { ...message, conversationId: channel.vars.conversation_id, senderId: channel.socket.identity.userId };
        // Not awaited: a client need not wait for one message to be durable before it sends the next.
        chat.send(draft).then(
          (sent) => request.reply({ message: sent }),
          (thrown: unknown) => {
            const { code, details } = toAppError(thrown);
            request.reply('error', { ...details, reason: code });
          },
        );
        return noReply;
      },

      async 'message:edit'({ messageId, content }, channel, request) {
        const edited = await change(channel, request, messageId, (one) => chat.edit({ ...one, content }));
        if (edited !== null) channel.broadcast('message:edited', edited);
      },
      async 'message:delete'({ messageId }, channel, request) {
        const { identity } = channel.socket;
        const deleted = await change(channel, request, messageId, (one) => chat.remove(one, identity));
        if (deleted !== null) channel.broadcast('message:deleted', { ...deleted, userId: identity.userId });
      },
      async 'message:reaction:add'({ messageId, emoji }, channel, request) {
        const added = await change(channel, request, messageId, (one) => chat.addReaction({ ...one, emoji }));
        if (added !== null) channel.broadcast('message:reaction:added', { ...added, emoji, userId: channel.socket.identity.userId });
      },
      async 'message:reaction:remove'({ messageId, emoji }, channel, request) {
        const removed = await change(channel, request, messageId, (one) => chat.removeReaction({ ...one, emoji }));
        if (removed !== null) channel.broadcast('message:reaction:removed', { ...removed, emoji, userId: channel.socket.identity.userId });
      },
      async 'message:read'({ messageId }, channel, request) {
        const read = await change(channel, request, messageId, (one) => chat.markRead(one));
        if (read !== null) channel.broadcastFrom('message:read', { ...read, userId: channel.socket.identity.userId });
      },
      async 'message:history'(page, channel, request) {
        limit(channel, request.event);
        return { messages: await chat.history(channel.vars.conversation_id, channel.socket.identity.userId, page) };
      },

      'typing:start'({ conversationId = null }, channel, request) {
        limit(channel, request.event);
        assertHere(conversationId, channel);
        startTyping(channel);
      },
      'typing:stop'({ conversationId = null }, channel, request) {
        limit(channel, request.event);
        assertHere(conversationId, channel);
        stopTyping(channel);
      },
    },

    intercept: {
      'member:removed'(payload, channel) {
        channel.push('member:removed', payload);
        // The client learns the reason, then gets `phx_close`: phoenix.js does not join again by itself.
        if (payload.userId === channel.socket.identity.userId) channel.stop('shutdown:removed');
      },
    },

    terminate(_reason, channel) {
      depart(channel);
    },
  });
}

interface About {
  conversationId: string;
  messageId: string;
  seq: number;
}

/** Pushes what was told while the client joined. False when that was the end of its membership. */
function hearMissed({ event, payload }: Happening, channel: Context): boolean {
  if (event !== 'presence_diff') channel.push(event as 'message:new', payload as never);
  if (event !== 'member:removed' || (payload as { userId: string }).userId !== channel.socket.identity.userId) return true;
  channel.stop('shutdown:removed');
  return false;
}

/** @throws AppError `invalid_payload` when a payload names another conversation than its topic */
function assertHere(conversationId: string | null, { vars }: Context): void {
  if (conversationId === null || conversationId === vars.conversation_id) return;
  const message = `is not the conversation of this topic, ${vars.conversation_id}`;
  throw new AppError('invalid_payload', { path: 'conversationId', issues: [{ path: 'conversationId', message }] });
}
