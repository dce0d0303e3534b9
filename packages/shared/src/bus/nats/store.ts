import type { Bury } from '../../dead-letters/index.ts';
import { deadLetterOf, jsonOrText, type Claim, type DeliveryStore } from '../delivery-store.ts';
import type { Delivered } from './delivered.ts';
import { unavailable } from '../unavailable.ts';
import type { Lanes } from './lanes.ts';
import type { Link } from './link.ts';
import type { NatsNames } from './names.ts';

interface StoreOptions {
  link: Link;
  names: NatsNames;
  lanes: Lanes;
  group: string;
  leaseMs: number;
  bury: Bury;
}

/**
 * The deliveries of a group, each known by where the broker hears of it. The broker takes such a word from anybody who
 * ever had the message: whether a claim is still ours we see from the number of the lane's last delivery.
 */
export function createNatsStore({ link, names, lanes, group, leaseMs, bury }: StoreOptions): DeliveryStore {
  const deliveries = new WeakMap<Claim, Delivered>();
  /** Claims whose end was told to the broker without hearing back. */
  const doubtful = new WeakSet<Claim>();

  function toClaim(delivered: Delivered): Claim {
    const { seq, attempts, json, onlyFor } = delivered;
    const claim = { id: String(seq), attempts, event: jsonOrText(json), ...(onlyFor === undefined ? {} : { onlyFor }) };
    deliveries.set(claim, delivered);
    return claim;
  }

  async function isOurs({ lane, deliverySeq }: Delivered): Promise<boolean> {
    const session = link.current;
    if (session === undefined) throw unavailable(undefined, 'The broker is away.');
    const { delivered, num_ack_pending } = await session.jsm.consumers.info(names.events, names.laneConsumer(group, lane));
    return delivered.consumer_seq === deliverySeq && num_ack_pending > 0;
  }

  /** Tells the broker how a claim ended, unless it is another's by now; true when it was ours. */
  async function end(claim: Claim, word: string, careful = false): Promise<Delivered | undefined> {
    const delivered = deliveries.get(claim);
    if (delivered === undefined) return undefined;
    const sure = !careful && !doubtful.has(claim) && performance.now() < delivered.leaseEnd;
    if (sure || (await isOurs(delivered))) {
      doubtful.add(claim);
      await link.request(delivered.reply, word);
      deliveries.delete(claim);
      return delivered;
    }
    deliveries.delete(claim);
    lanes.hold(delivered.lane);
    return undefined;
  }

  /** The lane goes on, here or in a process that has a slot. */
  function free({ lane, behind }: Delivered): void {
    lanes.hold(lane);
    if (behind === 0) return;
    lanes.wake(lane);
    link.tell(names.wake(lane), group);
  }

  async function finish(claim: Claim): Promise<void> {
    const delivered = await end(claim, '+ACK');
    if (delivered !== undefined) free(delivered);
  }

  return {
    async claim(limit) {
      return lanes.take(limit).map(toClaim);
    },

    async extend(claims) {
      const kept = await Promise.all(
        claims.map(async (claim) => {
          const delivered = deliveries.get(claim);
          const askedAt = performance.now();
          if (delivered === undefined || askedAt > delivered.leaseEnd) return false;
          await link.request(delivered.reply, '+WPI');
          if (!(await isOurs(delivered))) return false;
          delivered.leaseEnd = askedAt + leaseMs;
          lanes.hold(delivered.lane, delivered.leaseEnd);
          return true;
        }),
      );
      return claims.filter((_, i) => kept[i]);
    },

    acknowledge: finish,

    async retry(claim, delayMs) {
      const word = delayMs === 0 ? '-NAK' : `-NAK ${JSON.stringify({ delay: delayMs * 1_000_000 })}`;
      const delivered = await end(claim, word, true);
      if (delivered === undefined) return;
      lanes.hold(delivered.lane, performance.now() + delayMs);
      lanes.wake(delivered.lane);
    },

    async release(claim) {
      const delivered = await end(claim, '-NAK', true);
      if (delivered !== undefined) free({ ...delivered, behind: delivered.behind + 1 });
    },

    async bury(claim, letter) {
      await bury(deadLetterOf(group, claim, letter));
      await finish(claim);
    },
  };
}
