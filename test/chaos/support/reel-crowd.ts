import { setTimeout as pause } from 'node:timers/promises';
import { Socket, type Channel } from 'phoenix';
import type { ReelCounters, ReelJoinReply, ReelUpdate } from '../../../packages/realtime/src/contracts/index.ts';

export interface ReelSize {
  clients: number;
  /** Of each client. */
  likesPerSecond: number;
  seconds: number;
  kills: number;
}

/** How long a client waits for an answer before it sends the same again, in ms. */
const ANSWER_WITHIN_MS = 3_000;
/** One like of so many is sent again, as by a client that its answer did not reach. */
const TWICE = 5;

/** A phoenix.js client as an app has it: it likes until it is told that the like counts. */
export interface Fan {
  /** Joins so far. */
  joins(): number;
  /** The totals that it shows. */
  counters(): ReelCounters | null;
  /** Likes that were acknowledged. */
  acknowledged(): number;
  /** Likes at a steady rate, some of them twice; resolves when each one is acknowledged. */
  like(perSecond: number, seconds: number): Promise<void>;
  leave(): void;
}

export function enterReel(url: string, token: string, reel: string, name: string): Fan {
  const socket = new Socket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/socket`, {
    params: { token },
    transport: WebSocket,
    timeout: ANSWER_WITHIN_MS,
    reconnectAfterMs: () => 100,
    rejoinAfterMs: () => 100,
  });
  let joins = 0;
  let counters: ReelCounters | null = null;
  let acknowledged = 0;
  let left = false;
  const know = (newer: ReelCounters | undefined): void => {
    if (newer !== undefined && newer.revision >= (counters?.revision ?? 0)) counters = newer;
  };
  socket.connect();
  const channel = socket.channel(`reel:${reel}`);
  channel.on('reel_update', ({ update_data }: ReelUpdate) => know(update_data['counters'] as ReelCounters | undefined));
  channel.join().receive('ok', (reply: ReelJoinReply) => {
    joins += 1;
    know(reply.counters);
  });

  /** Resolves when it is acknowledged. */
  async function send(id: string): Promise<void> {
    while (!(await attempt(channel, id))) {
      if (left) throw new Error(`left before ${id} was acknowledged`);
      await pause(50);
    }
  }

  async function likeOnce(n: number): Promise<void> {
    await send(`${name}-${n}`);
    acknowledged += 1;
    if (n % TWICE === 0) await send(`${name}-${n}`);
  }

  return {
    joins: () => joins,
    counters: () => counters,
    acknowledged: () => acknowledged,
    async like(perSecond, seconds) {
      const started = performance.now();
      const underWay: Promise<void>[] = [];
      for (let n = 0; n < perSecond * seconds; n += 1) {
        const wait = started + (n * 1_000) / perSecond - performance.now();
        if (wait > 0) await pause(wait);
        underWay.push(likeOnce(n));
      }
      await Promise.all(underWay);
    },
    leave() {
      left = true;
      socket.disconnect();
    },
  };
}

function attempt(channel: Channel, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    channel
      .push('interaction:like', { client_interaction_id: id }, ANSWER_WITHIN_MS)
      .receive('ok', () => resolve(true))
      .receive('error', () => resolve(false))
      .receive('timeout', () => resolve(false));
  });
}
