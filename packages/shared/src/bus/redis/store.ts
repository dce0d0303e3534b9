import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventType } from '../../events/index.ts';
import type { Bury } from '../../dead-letters/index.ts';
import { deadLetterOf, jsonOrText, type Claim, type DeliveryStore } from '../delivery-store.ts';
import { CLAIM } from './claim.ts';
import type { Connection } from './connection.ts';
import { isUnknownGroup } from './errors.ts';
import { registerGroup } from './groups.ts';
import type { BusKeys } from './keys.ts';
import { ACKNOWLEDGE, SET_DUE } from './settle.ts';

/** Entries of the log that one run of the claim script looks at: some ms, in which Redis does nothing else. */
const WORK = 256;
/** Runs of the script in one claim, where the log is full of what does not concern the group. */
const MAX_ROUNDS = 100;
/** With so many in the lines of held keys, a group reads on only when some of these have ended. */
const MAX_WAITING = 10_000;

interface StoreOptions {
  group: string;
  types: readonly EventType[];
  leaseMs: number;
  bury: Bury;
}

type Claimed = [id: string, attempts: number, json: string, group: string];

/** The deliveries of a group in Redis; all times are the server's. */
export function createDeliveryStore(connection: Connection, keys: BusKeys, { group, types, leaseMs, bury }: StoreOptions): DeliveryStore {
  const state = keys.ofGroup(group);
  const fences = (claims: readonly Claim[]): (string | number)[] => claims.flatMap(({ id, attempts }) => [id, attempts]);

  /** Returns those that were the caller's. */
  async function setDue(claims: readonly Claim[], inMs: number, { uncount = false } = {}): Promise<Claim[]> {
    const mine = (await connection.run(SET_DUE, state, [group, inMs, uncount ? 1 : 0, ...fences(claims)])) as string[];
    return claims.filter(({ id, attempts }) => mine.includes(`${id} ${attempts}`));
  }

  /** What ends in one turn of the event loop goes in one run. */
  const acknowledge = inTurns<Claim>(async (claims) => {
    await connection.run(ACKNOWLEDGE, state, [group, ...fences(claims)]);
  });

  return {
    async claim(limit) {
      const claims: Claim[] = [];
      for (let round = 0; round < MAX_ROUNDS && claims.length < limit; round++) {
        try {
          const args = [group, limit - claims.length, leaseMs, WORK, MAX_WAITING, ...types];
          const [more, found] = (await connection.run(CLAIM, state, args)) as [number, Claimed[]];
          claims.push(...found.map(toClaim));
          if (more === 0) break;
        } catch (error) {
          // Somebody removed the group, or Redis lost it: it begins anew with what the log has.
          if (isUnknownGroup(error)) await registerGroup(connection, keys, group, types);
          if (claims.length === 0) throw error;
          break;
        }
      }
      return claims;
    },
    extend: (claims) => setDue(claims, leaseMs),
    acknowledge,
    async retry(claim, delayMs) {
      await setDue([claim], delayMs);
    },
    async release(claim) {
      await setDue([claim], 0, { uncount: true });
    },
    async bury(claim, letter) {
      const [mine] = await setDue([claim], leaseMs);
      if (mine === undefined) return;
      await bury(deadLetterOf(group, claim, letter));
      await acknowledge(claim);
    },
  };
}

/** Gathers the calls of one turn of the event loop into one of `act`, whose outcome all of them share. */
function inTurns<T>(act: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  let batch: { items: T[]; done: Promise<void> } | undefined;
  return (item) => {
    if (batch === undefined) {
      const items: T[] = [];
      const done = nextTurn().then(() => {
        batch = undefined;
        return act(items);
      });
      batch = { items, done };
    }
    batch.items.push(item);
    return batch.done;
  };
}

function toClaim([id, attempts, json, onlyFor]: Claimed): Claim {
  return { id, attempts, event: jsonOrText(json), ...(onlyFor === '' ? {} : { onlyFor }) };
}
