import { newId } from '@armoricore/shared/kernel';
import { setTimeout as delay } from 'node:timers/promises';
import type { OnlineAmong } from '../domain/chat-notices.ts';
import type { PubSub } from '../engine/index.ts';

const SOCKETS = 'user_socket:';
const ASK = 'online_users:ask';
/** How long other nodes have to answer, in ms. One that does not is as if its users were away: they get a push too many. */
const ANSWER_WITHIN_MS = 300;

/**
 * Knows who has a socket: on this node by its subscriptions to `user_socket:<id>`, which every socket has, on the others by
 * asking them.
 */
export function withOnlineUsers(pubsub: PubSub): { pubsub: PubSub; onlineAmong: OnlineAmong } {
  const sockets = new Map<string, number>();
  const here = (userIds: readonly string[]): string[] => userIds.filter((id) => sockets.has(id));

  const me = newId();
  pubsub.subscribe(ASK, ({ payload }) => {
    const { node, answer, userIds } = payload as { node: string; answer: string; userIds: string[] };
    if (node !== me) pubsub.publish({ topic: answer, event: 'answer', payload: { userIds: here(userIds) } });
  });

  return {
    async onlineAmong(userIds) {
      const online = new Set(here(userIds));
      if (online.size === userIds.length) return online;
      const answer = `online_users:${newId()}`;
      const stop = pubsub.subscribe(answer, ({ payload }) => {
        for (const id of (payload as { userIds: string[] }).userIds) online.add(id);
      });
      pubsub.publish({ topic: ASK, event: 'ask', payload: { node: me, answer, userIds: userIds.filter((id) => !online.has(id)) } });
      await delay(ANSWER_WITHIN_MS);
      stop();
      return online;
    },

    pubsub: {
      publish: (broadcast) => pubsub.publish(broadcast),
      subscribe(topic, listener) {
        const stop = pubsub.subscribe(topic, listener);
        if (!topic.startsWith(SOCKETS)) return stop;
        const userId = topic.slice(SOCKETS.length);
        sockets.set(userId, (sockets.get(userId) ?? 0) + 1);
        let stopped = false;
        return () => {
          if (stopped) return;
          stopped = true;
          stop();
          const left = sockets.get(userId)! - 1;
          if (left === 0) sockets.delete(userId);
          else sockets.set(userId, left);
        };
      },
    },
  };
}
