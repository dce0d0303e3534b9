import { newId } from '@armoricore/shared/kernel';
import { setTimeout as delay } from 'node:timers/promises';
import type { OnlineAmong } from '../domain/chat-notices.ts';
import type { PubSub } from '../engine/index.ts';

const SOCKETS = 'user_socket:';
const ASK = 'online_users:ask';
/** How long other nodes have to answer, in ms. One that does not is as if its users were away: they get a push too many. */
const ANSWER_WITHIN_MS = 300;

/** Who has a socket. */
export interface OnlineUsers {
  /** For the endpoint: by its subscriptions the sockets of this node are known. */
  pubsub: PubSub;
  onlineAmong: OnlineAmong;
  /**
   * Sockets of a user on all nodes.
   * @param others how many other nodes there are: with so many answers nobody else is waited for
   */
  socketsOf(userId: string, others: number): Promise<number>;
  /** Users with a socket on this node. */
  readonly here: number;
}

interface Question {
  node: string;
  answer: string;
  userIds: string[];
}
interface Answer {
  /** Those who have sockets, and how many. */
  userIds: string[];
  sockets: number[];
}

/**
 * Knows who has a socket: on this node by its subscriptions to `user_socket:<id>`, which every socket has, on the others by
 * asking them.
 */
export function withOnlineUsers(pubsub: PubSub): OnlineUsers {
  const sockets = new Map<string, number>();
  const among = (userIds: readonly string[]): string[] => userIds.filter((id) => sockets.has(id));

  const me = newId();
  pubsub.subscribe(ASK, ({ payload }) => {
    const { node, answer, userIds } = payload as Question;
    if (node === me) return;
    const found = among(userIds);
    const told: Answer = { userIds: found, sockets: found.map((id) => sockets.get(id) ?? 0) };
    pubsub.publish({ topic: answer, event: 'answer', payload: told });
  });

  /** Asks the other nodes, until `enough` of them have answered or the time is over. */
  async function ask(userIds: readonly string[], enough: number, take: (answer: Answer) => void): Promise<void> {
    const answer = `online_users:${newId()}`;
    const done = new AbortController();
    let answers = 0;
    const stop = pubsub.subscribe(answer, ({ payload }) => {
      take(payload as Answer);
      if ((answers += 1) >= enough) done.abort();
    });
    pubsub.publish({ topic: ASK, event: 'ask', payload: { node: me, answer, userIds: [...userIds] } satisfies Question });
    await delay(ANSWER_WITHIN_MS, undefined, { signal: done.signal }).catch(() => undefined); // All have answered.
    stop();
  }

  return {
    async onlineAmong(userIds) {
      const online = new Set(among(userIds));
      if (online.size === userIds.length) return online;
      await ask(userIds.filter((id) => !online.has(id)), Infinity, (answer) => {
        for (const id of answer.userIds) online.add(id);
      });
      return online;
    },

    async socketsOf(userId, others) {
      let elsewhere = 0;
      if (others > 0) await ask([userId], others, (answer) => (elsewhere += answer.sockets[0] ?? 0));
      return (sockets.get(userId) ?? 0) + elsewhere;
    },

    get here() {
      return sockets.size;
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
