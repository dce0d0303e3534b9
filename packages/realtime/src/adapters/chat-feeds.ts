import type { Service } from '@armoricore/shared/kernel';
import type { PubSub } from '../engine/index.ts';
import { ConversationFeed, type ChatFeeds, type ReadAfter } from '../domain/chat-feed.ts';
import { every } from './every.ts';

/** How often the database is asked whether there is more than was told, in ms: what a node said just before it died, or what got lost between nodes. */
const CHECK_EVERY_MS = 2_000;
/** Conversations of one question. */
const AT_ONCE = 1_000;

export interface ChatFeedOptions {
  /** How the topics of what is put in order begin; the id follows. Default `chat:`. */
  prefix?: string;
  /** The event that tells of a new message there. Default `message:new`. */
  event?: string;
  readAfter: (conversationId: string) => ReadAfter;
  /** The newest message of each conversation. */
  latestOf: (conversationIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Told of a database that does not answer: it is asked again. */
  onError: (thrown: unknown) => void;
}

interface Open {
  feed: ConversationFeed;
  users: number;
  unsubscribe: () => void;
}

/**
 * A PubSub that puts the messages of each conversation in order before it hands them to its topic on this node.
 * All other topics pass. The feed of a conversation exists while somebody listens or is about to.
 */
export function withChatFeeds(
  pubsub: PubSub,
  { prefix = 'chat:', event = 'message:new', readAfter, latestOf, onError }: ChatFeedOptions,
): { pubsub: PubSub; feeds: ChatFeeds; check: Service } {
  const opened = new Map<string, Open>();

  function openFeed(conversationId: string): Open {
    const topic = prefix + conversationId;
    const feed = new ConversationFeed({ topic, event, readAfter: readAfter(conversationId), onError });
    return { feed, users: 0, unsubscribe: pubsub.subscribe(topic, (broadcast) => feed.take(broadcast)) };
  }

  function open(conversationId: string): { feed: ConversationFeed; close(): void } {
    const known = opened.get(conversationId) ?? openFeed(conversationId);
    opened.set(conversationId, known);
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
        known.feed.close();
        opened.delete(conversationId);
      },
    };
  }

  async function checkAll(): Promise<void> {
    const ids = [...opened.keys()];
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const latest = await latestOf(ids.slice(i, i + AT_ONCE));
      for (const [id, seq] of latest) opened.get(id)?.feed.expect(seq);
    }
  }

  return {
    check: every(`feeds of ${prefix}*`, CHECK_EVERY_MS, () => checkAll().catch(onError)),
    feeds: { open },
    pubsub: {
      publish: (broadcast) => pubsub.publish(broadcast),
      subscribe(topic, listener) {
        if (!topic.startsWith(prefix)) return pubsub.subscribe(topic, listener);
        const { feed, close } = open(topic.slice(prefix.length));
        const stop = feed.listen((told) => listener(told));
        return () => {
          stop();
          close();
        };
      },
    },
  };
}
