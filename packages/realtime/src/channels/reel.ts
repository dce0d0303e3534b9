import { AppError, toAppError } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { reelContract, type ReelUpdate } from '../contracts/reel.ts';
import type { Rate, RateLimiter } from '../domain/rate-limit.ts';
import type { ReelFeeds } from '../domain/reel-feed.ts';
import type { InteractionDraft, Written } from '../domain/reel-fold.ts';
import type { ReelService } from '../domain/reels.ts';
import { channelFor, noReply, type Channel, type ChannelContext } from '../engine/index.ts';
import { MissedUpdates } from './reel-missed.ts';

export interface ReelChannelOptions {
  reels: ReelService;
  feeds: ReelFeeds;
  limiter: RateLimiter;
  /** Interactions of each kind that a user may have with one reel, in the long run. */
  interactionsPerSecond: number;
  /** Where channels listen that want bytes, and how these are made. */
  protobuf: { topicOf: (reelId: string) => string; encode: (update: ReelUpdate) => Uint8Array };
}

interface Assigns {
  missed: MissedUpdates;
  /** How an update goes to this client. */
  encode: (update: ReelUpdate) => object;
}
type Context = ChannelContext<typeof reelContract, Identity, Assigns>;
type Request = { event: string; reply(status: string, response: unknown): void };

const JOIN_RATE: Rate = { perSecond: 5, burst: 30 };

/** `reel:<reel_id>`: hearts, comments, shares and views, and the updates that come of them and from the backend. */
export function createReelChannel({ reels, feeds, limiter, interactionsPerSecond, protobuf }: ReelChannelOptions): Channel<Identity> {
  const rate = { perSecond: interactionsPerSecond, burst: interactionsPerSecond * 3 };

  /** @throws AppError `rate_limited` */
  function limit({ topic, socket }: Pick<Context, 'topic' | 'socket'>, event: string): void {
    const wait = limiter.take(JSON.stringify([socket.identity.userId, topic, event]), event === 'phx_join' ? JOIN_RATE : rate);
    if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
  }

  /** Not awaited: a client need not wait for one to be durable before it sends the next. */
  function interact(
    channel: Context,
    request: Request,
    draft: Pick<InteractionDraft, 'type' | 'content' | 'target'> & { client_interaction_id: string | null },
    answerOf: (written: Written) => object,
  ): typeof noReply {
    limit(channel, request.event);
    const { client_interaction_id: clientInteractionId, ...what } = draft;
    reels.interact({ ...what, clientInteractionId, reelId: channel.vars.reel_id, userId: channel.socket.identity.userId }).then(
      (written) => request.reply('ok', answerOf(written)),
      (thrown: unknown) => {
        const { code, details } = toAppError(thrown);
        request.reply('error', { ...details, reason: code });
      },
    );
    return noReply;
  }

  const hearts = ({ counters, liked }: Written): object => ({ counters, liked });
  const totals = ({ counters }: Written): object => ({ counters });

  return channelFor<Identity>()<typeof reelContract, Assigns>(reelContract, {
    async join({ vars, topic, params, socket, signal }) {
      limit({ topic, socket }, 'phx_join');
      const missed = new MissedUpdates(feeds.open(vars.reel_id), socket.identity.userId, signal);
      try {
        const snapshot = await reels.snapshot(vars.reel_id, socket.identity.userId);
        missed.begin(snapshot);
        // Bytes cannot reach every transport; the reply says what it is.
        const encoding = params.encoding === 'protobuf' && socket.binary ? 'protobuf' : 'json';
        const reply = { ...snapshot, encoding } as const;
        if (encoding === 'json') return { reply, assigns: { missed, encode: (update: ReelUpdate) => update } };
        return { reply, assigns: { missed, encode: protobuf.encode }, topics: [protobuf.topicOf(vars.reel_id)] };
      } catch (thrown) {
        missed.stop();
        throw thrown;
      }
    },

    joined(channel) {
      // The channel was subscribed in this same turn: what is told from here on goes straight to the client.
      for (const update of channel.assigns.missed.stop()) channel.push('reel_update', channel.assigns.encode(update) as ReelUpdate);
    },

    on: {
      'interaction:like': (payload, channel, request) => interact(channel, request, { ...payload, type: 'like' }, hearts),
      'interaction:unlike': (payload, channel, request) => interact(channel, request, { ...payload, type: 'unlike' }, hearts),
      'interaction:comment': (payload, channel, request) =>
        interact(channel, request, { ...payload, type: 'comment' }, ({ counters, comment }) => ({ counters, comment })),
      'interaction:share': (payload, channel, request) => interact(channel, request, { ...payload, type: 'share' }, totals),
      'interaction:view': (payload, channel, request) => interact(channel, request, { ...payload, type: 'view' }, totals),
    },
  });
}
