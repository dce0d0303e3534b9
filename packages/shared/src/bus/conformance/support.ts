import { afterEach, beforeEach, expect, vi } from 'vitest';
import { createEvent, type BusEvent } from '../../events/index.ts';
import type { Bus } from '../port.ts';

/**
 * Where a broker cannot give all that the port promises. The suite then holds the adapter to the weaker promise.
 * - `history`: a group gets what is published after it was made, nothing earlier.
 * - `widening`: a group that takes further types gets what is published of them from then on, nothing earlier.
 * - `stops-count`: an event that a stopping consumer gives back has used up a try.
 */
export type Difference = 'history' | 'widening' | 'stops-count';

/** What the suite needs to know of an adapter. Every test gets a harness of its own, with nothing published yet. */
export interface BusHarness {
  differences?: ReadonlySet<Difference>;
  /** A bus over the one shared log, as a further process would open it. */
  open(): Promise<Bus>;
  /** Cuts a bus off as if its process had died: it gives nothing back and reaches nothing any more. */
  crash(bus: Bus): Promise<void>;
  deadLetters(group: string): Promise<{ eventId: string; reason: string; attempts: number; lastError: string }[]>;
  /** Closes every bus that was opened and removes what is left. */
  close(): Promise<void>;
}

export type MakeBusHarness = () => Promise<BusHarness>;

/** The harness of the running test, and a first bus on it. */
export interface Bench {
  harness: BusHarness;
  bus: Bus;
}

/** Sets up a bench before each test of the present suite. */
export function useBench(makeHarness: MakeBusHarness): Bench {
  const bench = {} as Bench;
  beforeEach(async () => {
    bench.harness = await makeHarness();
    bench.bus = await bench.harness.open();
  });
  afterEach(() => bench.harness.close());
  return bench;
}

export function differs({ harness }: Bench, difference: Difference): boolean {
  return harness.differences?.has(difference) ?? false;
}

/** An event with the key `user` whose `reason` is a label to know it by. */
export function labelled(user: string, label: string | number): BusEvent<'user.revoked'> {
  return createEvent('user.revoked', { user_id: user, reason: String(label) }, { source: 'backend' });
}

export function labelOf(event: BusEvent<'user.revoked'>): string {
  return event.payload.reason ?? '';
}

export const TYPES = ['user.revoked'] as const;
/** Retries at once, so that tests need not wait. */
export const NO_BACKOFF = { baseMs: 0, maxMs: 0 };

/** Waits until a list holds exactly these items, in this order. */
export function eventually<T>(read: () => T | Promise<T>, expected: T): Promise<unknown> {
  return vi.waitFor(async () => expect(await read()).toEqual(expected), { timeout: 15_000, interval: 10 });
}

/** A promise that the test settles. */
export function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
