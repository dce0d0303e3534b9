import type { Told } from '../domain/chat-feed.ts';
import { CommentWindow, newCommentIn } from '../domain/comments-window.ts';
import type { PubSub } from '../engine/index.ts';

const TOPIC = 'comments:';

export interface CommentTopics {
  pubsub: PubSub;
  /** Sends to all who have joined a stream on this node. */
  tellHere(streamId: string, event: string, payload: object): void;
  /** Resolves at the end of the stream's window that is open; undefined when none is. */
  windowEnd(streamId: string): Promise<void> | undefined;
}

/**
 * Parts the topic of a stream in three for the clients of this node: `comments:<id>` has everything but new comments, which
 * `comments:<id>/each` has one by one and `comments:<id>/batch` as one broadcast for each window. Other topics pass.
 * @param ordered hands on what is told in a stream in the same order on all nodes
 */
export function withCommentTopics(ordered: PubSub, windowMs: number): CommentTopics {
  const windows = new Map<string, CommentWindow>();
  const clients = new Map<string, Set<(told: Told) => void>>();

  function listenToRest(topic: string, listener: (told: Told) => void): () => void {
    const listeners = clients.get(topic) ?? new Set();
    clients.set(topic, listeners.add(listener));
    const stop = ordered.subscribe(topic, (told) => {
      if (told.event !== 'comment:new') listener(told);
    });
    return () => {
      stop();
      listeners.delete(listener);
      if (listeners.size === 0) clients.delete(topic);
    };
  }

  function listenToEach(topic: string, listener: (told: Told) => void): () => void {
    return ordered.subscribe(topic, (told) => {
      if (newCommentIn(told) !== null) listener(told);
    });
  }

  function listenToBatches(topic: string, listener: (told: Told) => void): () => void {
    const window = new CommentWindow(windowMs, (comments) => listener({ topic, event: 'comment:batch', payload: { comments } }));
    windows.set(topic, window);
    const stop = ordered.subscribe(topic, (told) => window.take(told));
    return () => {
      stop();
      window.close();
      if (windows.get(topic) === window) windows.delete(topic);
    };
  }

  return {
    tellHere(streamId, event, payload) {
      const topic = TOPIC + streamId;
      for (const listener of clients.get(topic) ?? []) listener({ topic, event, payload });
    },
    windowEnd: (streamId) => windows.get(TOPIC + streamId)?.end(),
    pubsub: {
      publish: (broadcast) => ordered.publish(broadcast),
      subscribe(topic, listener) {
        if (!topic.startsWith(TOPIC)) return ordered.subscribe(topic, listener);
        const [stream = topic, part] = topic.split('/');
        if (part === 'each') return listenToEach(stream, listener);
        return part === 'batch' ? listenToBatches(stream, listener) : listenToRest(stream, listener);
      },
    },
  };
}
