import { AppError, toAppError } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { commentsContract } from '../contracts/comments.ts';
import type { ChatFeeds, Told } from '../domain/chat-feed.ts';
import type { Audience } from '../domain/comments-audience.ts';
import { newCommentIn } from '../domain/comments-window.ts';
import type { CommentsService } from '../domain/comments.ts';
import type { Rate, RateLimiter } from '../domain/rate-limit.ts';
import { channelFor, noReply, type Channel, type ChannelContext } from '../engine/index.ts';
import { Recording } from './chat-recording.ts';

export interface CommentsChannelOptions {
  comments: CommentsService;
  feeds: ChatFeeds;
  /** Resolves at the end of the stream's window that is open; undefined when none is. */
  windowEnd: (streamId: string) => Promise<void> | undefined;
  audience: Audience;
  limiter: RateLimiter;
  /** Comments that a user may send to one stream, in the long run. */
  commentsPerSecond: number;
}

interface Assigns {
  recording: Recording;
}
type Context = ChannelContext<typeof commentsContract, Identity, Assigns>;

/** What a user may do in one stream; each event counts by itself. */
const RATES: Record<string, Rate> = {
  phx_join: { perSecond: 5, burst: 30 },
  'comment:history': { perSecond: 10, burst: 20 },
};
const OTHER_RATE: Rate = { perSecond: 20, burst: 60 };

/** `comments:<stream_id>`: live comments, one by one or in windows, what moderators do, and who watches. */
export function createCommentsChannel({ comments, feeds, windowEnd, audience, limiter, commentsPerSecond }: CommentsChannelOptions): Channel<Identity> {
  const rates: Record<string, Rate> = { ...RATES, 'comment:send': { perSecond: commentsPerSecond, burst: commentsPerSecond * 3 } };

  /** @throws AppError `rate_limited` */
  function limit({ topic, socket }: Pick<Context, 'topic' | 'socket'>, event: string): void {
    const wait = limiter.take(JSON.stringify([socket.identity.userId, topic, event]), rates[event] ?? OTHER_RATE);
    if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
  }

  /** Counts the client among the viewers until its channel ends, however that comes. */
  function enterAudience(channel: Context): void {
    const { presence, signal, socket, vars } = channel;
    const viewer = {
      track: () => presence.track(socket.identity.userId, { online_at: new Date().toISOString() }),
      showList: () => channel.push('presence_state', presence.list()),
      list: () => presence.list(),
    };
    signal.addEventListener('abort', audience.enter(vars.stream_id, viewer, performance.now()), { once: true });
  }

  return channelFor<Identity>()<typeof commentsContract, Assigns>(commentsContract, {
    async join({ vars: { stream_id: streamId }, topic, params, socket, signal }) {
      limit({ topic, socket }, 'phx_join');
      const recording = new Recording(feeds.open(streamId), signal, 'comment:new');
      try {
        const { latest, ...snapshot } = await comments.snapshot(streamId);
        await recording.reach(latest);
        // Into the windows between two of them: what the one that is open has is in the reply, or was recorded.
        if (params.batch) await windowEnd(streamId);
        return {
          reply: { ...snapshot, viewers: audience.total(streamId) + 1 },
          assigns: { recording },
          topics: [topic, `${topic}/${params.batch ? 'batch' : 'each'}`],
        };
      } catch (thrown) {
        recording.stop();
        throw thrown;
      }
    },

    joined(channel, { batch }) {
      // The channel was subscribed in this same turn: what is told from here on goes straight to the client.
      const missed = channel.assigns.recording.stop();
      if (missed === null) return channel.stop('overloaded');
      pushMissed(missed, channel, batch);
      return enterAudience(channel);
    },

    on: {
      'comment:send'({ content, client_comment_id: clientCommentId }, channel, request) {
        limit(channel, request.event);
        // Not awaited: a client need not wait for one comment to be durable before it sends the next.
        comments.send({ streamId: channel.vars.stream_id, content, clientCommentId }, channel.socket.identity).then(
          (comment) => request.reply({ comment }),
          (thrown: unknown) => {
            const { code, details } = toAppError(thrown);
            request.reply('error', { ...details, reason: code });
          },
        );
        return noReply;
      },

      async 'comment:delete'({ comment_id }, channel, request) {
        limit(channel, request.event);
        const { identity } = channel.socket;
        const deleted = await comments.remove(channel.vars.stream_id, comment_id, identity);
        if (deleted === null) return;
        channel.broadcast('comment:deleted', { comment_id, seq: deleted.seq, user_id: identity.userId });
        if (deleted.unpinned) channel.broadcast('comment:pinned', { comment: null });
      },

      async 'comment:pin'({ comment_id }, channel, request) {
        limit(channel, request.event);
        const pinned = await comments.pin(channel.vars.stream_id, comment_id, channel.socket.identity);
        if (pinned !== undefined) channel.broadcast('comment:pinned', { comment: pinned });
      },

      async slow_mode({ seconds }, channel, request) {
        limit(channel, request.event);
        const changed = await comments.slowDown(channel.vars.stream_id, seconds, channel.socket.identity);
        if (changed) channel.broadcast('slow_mode', { seconds });
      },

      async 'comment:history'(page, channel, request) {
        limit(channel, request.event);
        return { comments: await comments.history(channel.vars.stream_id, page) };
      },
    },

    intercept: {
      presence_diff(diff, channel) {
        if (audience.isListed(channel.vars.stream_id)) channel.push('presence_diff', diff);
      },
    },
  });
}

/** Pushes what was told while the client joined. */
function pushMissed(missed: readonly Told[], channel: Context, batch: boolean): void {
  const comments = missed.map(newCommentIn).filter((comment) => comment !== null);
  // What is about one of them is behind it in any case.
  if (batch && comments.length > 0) channel.push('comment:batch', { comments });
  for (const told of missed) {
    if (told.event !== 'comment:new') channel.push(told.event as 'comment:deleted', told.payload as never);
    else if (!batch && newCommentIn(told) !== null) channel.push('comment:new', told.payload as never);
  }
}
