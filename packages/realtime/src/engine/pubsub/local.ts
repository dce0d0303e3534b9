import type { Listener, PubSub } from './port.ts';

/**
 * PubSub within one process. Several endpoints of a process may share one: they then behave like nodes of a cluster.
 * @param onError told of what listeners throw; default: printed to standard error
 */
export function createLocalPubSub(onError: (thrown: unknown) => void = (thrown) => console.error('PubSub listener', thrown)): PubSub & { has(topic: string): boolean } {
  const topics = new Map<string, Set<Listener>>();

  return {
    publish(broadcast) {
      for (const listener of topics.get(broadcast.topic) ?? []) {
        try {
          listener(broadcast);
        } catch (thrown) {
          onError(thrown);
        }
      }
    },

    /** Whether anybody listens to the topic. */
    has: (topic) => topics.has(topic),

    subscribe(topic, listener) {
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic);
      };
    },
  };
}
