import type { GetMessage } from 'amqplib';
import type { Bury } from '../../dead-letters/index.ts';
import { deadLetterOf, jsonOrText, type Claim, type DeliveryStore } from '../delivery-store.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { ONLY_FOR } from './publisher.ts';

interface Held {
  lane: Lane;
  /** Runs while a retry waits. */
  timer?: NodeJS.Timeout;
}

export interface LaneStore extends DeliveryStore {
  /** Uses the lanes of a new connection. */
  use(lanes: Lanes): void;
  /** To be told of every lane that is lost or given up. */
  forget(lane: Lane): void;
  /** Begins the end: gives no more events, and back what waits for a retry. */
  leave(): void;
  /** Resolves when all lanes are given up. */
  left(): Promise<void>;
}

/** The deliveries of a group, from the lanes that this consumer owns. A lane whose event waits for a retry is held back. */
export function createLaneStore({ group, types, bury }: { group: string; types: readonly string[]; bury: Bury }): LaneStore {
  const held = new Map<string, Held>();
  let lanes: Lanes | undefined;
  let isLeaving = false;
  let taken = 0;

  function finish({ id }: Claim, how: 'acknowledge' | 'retry' | 'release'): void {
    held.get(id)?.lane.finish(how);
    held.delete(id);
  }

  async function takeFrom(lane: Lane): Promise<Claim[]> {
    const message = await lane.take();
    if (message === undefined) return [];
    if (!types.includes(String(message.properties.type))) {
      // For a newer consumer of the group, during a rolling deploy.
      lane.finish('release');
      lanes?.shun(lane);
      return [];
    }
    const claim = toClaim(message, `${group}/${lane.index}/${(taken += 1)}`);
    held.set(claim.id, { lane });
    return [claim];
  }

  return {
    async claim(limit) {
      const claims: Claim[] = [];
      while (!isLeaving && claims.length < limit) {
        const next = (lanes?.withWork() ?? []).slice(0, limit - claims.length);
        if (next.length === 0) break;
        claims.push(...(await Promise.all(next.map(takeFrom))).flat());
      }
      return claims;
    },

    /** A claim is ours for as long as its lane is. */
    extend: (claims) => Promise.resolve(claims.filter(({ id }) => held.has(id))),

    async acknowledge(claim) {
      finish(claim, 'acknowledge');
    },

    async retry(claim, delayMs) {
      const entry = held.get(claim.id);
      if (isLeaving) finish(claim, 'retry');
      else if (entry !== undefined) entry.timer = setTimeout(() => finish(claim, 'retry'), delayMs);
    },

    async release(claim) {
      finish(claim, 'release');
    },

    async bury(claim, letter) {
      if (!held.has(claim.id)) return;
      await bury(deadLetterOf(group, claim, letter));
      finish(claim, 'acknowledge');
    },

    use(next) {
      lanes = next;
      if (isLeaving) next.leave();
    },

    forget(lost) {
      for (const [id, { lane, timer }] of held) {
        if (lane !== lost) continue;
        clearTimeout(timer);
        held.delete(id);
      }
    },

    leave() {
      isLeaving = true;
      for (const [id, { lane, timer }] of held) {
        if (timer === undefined) continue;
        clearTimeout(timer);
        held.delete(id);
        lane.finish('retry');
      }
      lanes?.leave();
    },

    async left() {
      await lanes?.left();
    },
  };
}

function toClaim({ content, properties }: GetMessage, id: string): Claim {
  const headers = properties.headers ?? {};
  const onlyFor: unknown = headers[ONLY_FOR];
  const returned = Number(headers['x-delivery-count'] ?? 0);
  return { id, attempts: returned + 1, event: jsonOrText(content.toString('utf8')), ...(typeof onlyFor === 'string' ? { onlyFor } : {}) };
}
