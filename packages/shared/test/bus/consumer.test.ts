import { afterEach, expect, it } from 'vitest';
import { eventually, gate, labelled, TYPES } from '../../src/bus/conformance/support.ts';
import { startConsumer, type Consumer } from '../../src/bus/consumer.ts';
import type { Claim, DeliveryStore } from '../../src/bus/delivery-store.ts';
import { completeSubscription } from '../../src/bus/subscription.ts';
import { silentLog } from '../../src/kernel/index.ts';

const LEASE_MS = 300;
let release = gate();
let consumer: Consumer;

afterEach(async () => {
  release.open();
  release = gate();
  await consumer.stop();
});

/** A consumer of one event, on a store whose calls a test replaces; `calls` says what was asked of it. */
function consume(handler: (signal: AbortSignal) => Promise<void>, replaced: Partial<DeliveryStore>) {
  const calls: string[] = [];
  const claims: Claim[] = [{ id: '1', attempts: 1, event: labelled('u', 1) }];
  const store: DeliveryStore = {
    claim: async () => claims.splice(0),
    extend: async (held) => [...held],
    acknowledge: async () => undefined,
    retry: async () => undefined,
    release: async () => undefined,
    bury: async () => undefined,
    ...replaced,
  };
  const noted = Object.fromEntries(
    Object.entries(store).map(([name, call]) => [
      name,
      (...input: never[]) => {
        if (name !== 'claim') calls.push(name);
        return (call as (...args: never[]) => unknown)(...input);
      },
    ]),
  ) as unknown as DeliveryStore;
  const options = completeSubscription({ group: 'g', types: TYPES, leaseMs: LEASE_MS, handler: (_, { signal }) => handler(signal) });
  consumer = startConsumer(noted, options, { log: silentLog });
  return calls;
}

/** Resolves when the signal aborts, with the reason. */
function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve((signal.reason as Error).message)));
}

it('tells the end of an event again until the store hears it, and handles it once', async () => {
  let handled = 0;
  let failures = 3;
  const calls = consume(async () => void (handled += 1), {
    acknowledge: async () => {
      if (failures-- > 0) throw new Error('no answer');
    },
  });
  await eventually(() => calls.filter((name) => name === 'acknowledge').length, 4);
  expect(handled).toBe(1);
});

it('tells a handler when its event went to another', async () => {
  const reasons: string[] = [];
  const calls = consume(async (signal) => void reasons.push(await aborted(signal)), { extend: async () => [] });
  await eventually(() => reasons, ['the event was lost to another consumer']);
  // Still told, in case nobody took it after all; the store knows whose it is.
  await eventually(() => calls.includes('acknowledge'), true);
});

it('tells a handler when the lease could not be extended for its whole length, not before', async () => {
  const begun = performance.now();
  const after: number[] = [];
  consume(
    async (signal) => {
      await aborted(signal);
      after.push(performance.now() - begun);
    },
    { extend: async () => Promise.reject(new Error('no answer')) },
  );
  await eventually(() => after.length, 1);
  expect(after[0]).toBeGreaterThanOrEqual(LEASE_MS);
});

it('counts a lease from its last extension', async () => {
  let extended = 0;
  let signalled = false;
  consume(
    async (signal) => {
      signal.addEventListener('abort', () => (signalled = true));
      await release.opened;
    },
    {
      // Fails once, when the first lease is long over.
      extend: async (held) => {
        extended += 1;
        if (extended === 6) throw new Error('no answer');
        return [...held];
      },
    },
  );
  await eventually(() => extended >= 8, true);
  expect(signalled).toBe(false);
});

it('outlives a store that gives nothing', async () => {
  let failures = 3;
  const seen: number[] = [];
  consume(async () => void seen.push(1), {
    claim: async () => {
      if (failures-- > 0) throw new Error('no answer');
      return failures === -1 ? [{ id: '1', attempts: 1, event: labelled('u', 1) }] : [];
    },
  });
  await eventually(() => seen, [1]);
});
