import type { Service } from '@armoricore/shared/kernel';
import { socketId } from '../auth/socket.ts';
import type { ReelCounters, ReelUpdate } from '../contracts/reel.ts';
import { ReelFeed, type ReelFeeds } from '../domain/reel-feed.ts';
import type { Merged } from '../domain/reel-merge.ts';
import type { Broadcast, PubSub } from '../engine/index.ts';
import { every } from './every.ts';
import type { ReelFigures } from './reel-figures.ts';
import { encodeReelUpdate } from './reel-protobuf.ts';

/** The topic of clients. */
const TOPIC = 'reel:';
/** Topics that no client can join: what nodes tell each other, and where those listen who want bytes. */
const MERGED = 'reels.merged:';
const PROTOBUF = 'reels.protobuf:';
const EVENT = 'reel_update';

/** How often the database is asked whether there is more than was told, in ms. */
const CHECK_EVERY_MS = 2_000;
/** Reels of one question. */
const AT_ONCE = 1_000;

export interface ReelFeedOptions {
  countersOf: (reelIds: readonly string[]) => Promise<ReadonlyMap<string, ReelCounters>>;
  /** Told of a database that does not answer: it is asked again. */
  onError: (thrown: unknown) => void;
  figures: ReelFigures;
}

interface Open {
  feed: ReelFeed;
  users: number;
  unsubscribe: () => void;
}

export interface ReelNetwork {
  /** For the endpoint: updates reach `reel:<id>` as JSON, and its variant as bytes. All other topics pass. */
  pubsub: PubSub;
  feeds: ReelFeeds;
  /** Sends what was merged to the topic `reel:<id>` or another one, on all nodes. */
  publish(topic: string, merged: Merged): void;
  check: Service;
}

/** Where a channel listens that wants bytes. */
export const protobufTopic = (reelId: string): string => PROTOBUF + reelId;

/** Puts the feeds of reels between the nodes and the sockets of this one. A feed is there while somebody listens or is about to. */
export function openReelFeeds(pubsub: PubSub, { countersOf, onError, figures }: ReelFeedOptions): ReelNetwork {
  const opened = new Map<string, Open>();

  function openFeed(reelId: string): Open {
    const feed = new ReelFeed(reelId);
    return { feed, users: 0, unsubscribe: pubsub.subscribe(MERGED + reelId, ({ payload }) => feed.take(payload as Merged)) };
  }

  function open(reelId: string): ReturnType<ReelFeeds['open']> {
    const known = opened.get(reelId) ?? openFeed(reelId);
    opened.set(reelId, known);
    known.users += 1;
    let closed = false;
    return {
      feed: known.feed,
      close() {
        if (closed) return;
        closed = true;
        known.users -= 1;
        if (known.users > 0) return;
        known.unsubscribe();
        opened.delete(reelId);
      },
    };
  }

  async function checkAll(): Promise<void> {
    const ids = [...opened.keys()];
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      for (const [id, counters] of await countersOf(ids.slice(i, i + AT_ONCE))) opened.get(id)?.feed.check(counters);
    }
  }

  function listen(reelId: string, listeningOn: string, listener: (broadcast: Broadcast) => void, encode: (update: ReelUpdate) => object): () => void {
    const topic = TOPIC + reelId;
    const { feed, close } = open(reelId);
    const stops = [
      feed.listen((merged) => {
        const payload = encode(merged.update);
        figures.sent(listeningOn, merged, payload);
        listener({ topic, event: EVENT, payload, ...audienceOf(merged.update) });
      }),
      pubsub.subscribe(topic, listener),
      close,
    ];
    return () => stops.forEach((stop) => stop());
  }

  return {
    check: every('reel feeds', CHECK_EVERY_MS, () => checkAll().catch(onError)),
    feeds: { open },
    publish(topic, merged) {
      if (topic.startsWith(TOPIC)) pubsub.publish({ topic: MERGED + topic.slice(TOPIC.length), event: 'merged', payload: merged });
      else pubsub.publish({ topic, event: EVENT, payload: merged.update, ...audienceOf(merged.update) });
    },
    pubsub: {
      publish: (broadcast) => pubsub.publish(broadcast),
      subscribe(topic, listener) {
        if (topic.startsWith(TOPIC)) return listen(topic.slice(TOPIC.length), topic, listener, (update) => update);
        if (topic.startsWith(PROTOBUF)) return listen(topic.slice(PROTOBUF.length), topic, listener, encodeReelUpdate);
        return pubsub.subscribe(topic, listener);
      },
    },
  };
}

function audienceOf({ target_users }: ReelUpdate): Pick<Broadcast, 'only'> {
  return target_users.length === 0 ? {} : { only: target_users.map(socketId) };
}
