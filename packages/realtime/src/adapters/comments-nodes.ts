import { newId, type Service } from '@armoricore/shared/kernel';
import type { NodeCounts } from '../domain/comments-counts.ts';
import type { PubSub } from '../engine/index.ts';

/** Nodes tell each other of their viewers here; a client's topic of comments has a colon. */
const TOPIC = 'comments_viewers';
const LOOK_MS = 250;
/** Streams of one broadcast. */
const AT_ONCE = 200;

/** What hears of the other nodes. The times are ms of a clock that never goes back. */
interface Listener {
  hear(counts: NodeCounts, now: number): void;
  /** A node is new. */
  greet(): void;
  look(now: number): void;
}

/** The way by which nodes tell each other how many viewers they have, and the service that looks again and again. */
export function createViewerNetwork(pubsub: PubSub): { tell(counts: NodeCounts['counts']): void; service(listener: Listener): Service } {
  const node = newId();
  const tell = (event: 'hello' | 'counts', counts: NodeCounts['counts']): void => pubsub.publish({ topic: TOPIC, event, payload: { node, counts } });

  return {
    tell(counts) {
      for (let i = 0; i < counts.length; i += AT_ONCE) tell('counts', counts.slice(i, i + AT_ONCE));
    },
    service(listener) {
      let stopListening: (() => void) | undefined;
      let timer: NodeJS.Timeout | undefined;
      return {
        name: 'viewers of comments',
        start() {
          stopListening = pubsub.subscribe(TOPIC, ({ event, payload }) => {
            const heard = payload as NodeCounts;
            if (heard.node === node) return;
            listener.hear(heard, performance.now());
            if (event === 'hello') listener.greet();
          });
          tell('hello', []);
          timer = setInterval(() => listener.look(performance.now()), LOOK_MS);
        },
        stop() {
          clearInterval(timer);
          listener.look(performance.now()); // All have left: the others learn it now.
          stopListening?.();
        },
      };
    },
  };
}
