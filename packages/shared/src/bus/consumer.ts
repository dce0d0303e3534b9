import { setTimeout as delay } from 'node:timers/promises';
import { assertSource, parseEvent, type BusEvent, type EventType } from '../events/index.ts';
import { AppError, describeError, fullJitter, toAppError, type Log } from '../kernel/index.ts';
import { identify, type Claim, type DeliveryStore, type Letter } from './delivery-store.ts';
import type { Observe } from './observe.ts';
import type { Subscription } from './port.ts';
import type { CompleteSubscription } from './subscription.ts';
import { createWake } from './wake.ts';

/** How often a consumer looks for work that nobody woke it for, in ms: retries of others, leases of the dead. */
const POLL_MS = 1_000;
/** Between tries to reach a store that does not answer. */
const STORE_BACKOFF = { baseMs: 100, maxMs: 5_000 };

export interface Consumer extends Subscription {
  /** There may be work. */
  wake(): void;
}

interface Held {
  claim: Claim;
  controller: AbortController;
  /** Last moment (performance.now) at which the store surely counted the claim as ours. */
  confirmedAt: number;
}

/**
 * The part of a bus that is the same on every adapter: takes deliveries of a group as slots are free, runs the handler,
 * keeps the leases alive, and settles each event as the handler ended. Runs until stopped; survives any failure of the store.
 */
export function startConsumer<T extends EventType>(
  store: DeliveryStore,
  options: CompleteSubscription<T>,
  { log, observe }: { log: Log; observe?: Observe | undefined },
): Consumer {
  const { group, concurrency, maxAttempts, leaseMs, backoff, handler } = options;
  const held = new Set<Held>();
  const work = new Set<Promise<void>>();
  const retryTimers = new Set<NodeJS.Timeout>();
  const alarm = createWake();
  let stopping = false;
  let extending: Promise<void> | undefined;

  async function takeWork(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      let waitMs = POLL_MS;
      try {
        const askedAt = performance.now();
        const claims = held.size < concurrency ? await store.claim(concurrency - held.size) : [];
        for (const claim of claims) begin({ claim, controller: new AbortController(), confirmedAt: askedAt });
        failures = 0;
      } catch (error) {
        failures += 1;
        waitMs = fullJitter(STORE_BACKOFF, failures);
        log.warn({ group, failures, reason: describeError(error) }, 'the bus does not give events');
      }
      if (!stopping) await alarm.sleep(waitMs);
    }
  }

  function begin(entry: Held): void {
    held.add(entry);
    const done = run(entry).finally(() => {
      held.delete(entry);
      work.delete(done);
      alarm.wake();
    });
    work.add(done);
  }

  async function run(entry: Held): Promise<void> {
    const { claim } = entry;
    if (stopping) return settle(entry, () => store.release(claim));
    if (claim.attempts > maxAttempts) {
      const lastError = `its consumer died, or lost the bus, in each of ${maxAttempts} tries`;
      return bury(entry, { reason: 'internal', lastError, attempts: maxAttempts });
    }
    try {
      const event = parseEvent(claim.event) as BusEvent<T>;
      assertSource(event);
      const onlyFor = claim.onlyFor === undefined ? {} : { onlyFor: claim.onlyFor };
      await handler(event, { attempt: claim.attempts, signal: entry.controller.signal, ...onlyFor });
    } catch (error) {
      return fail(entry, error);
    }
    await settle(entry, () => store.acknowledge(claim));
    note(claim, 'handled');
  }

  function note({ event }: Claim, outcome: 'handled' | 'retried' | 'buried'): void {
    observe?.({ group, type: identify(event).event_type ?? 'unknown', outcome });
  }

  async function fail(entry: Held, error: unknown): Promise<void> {
    const { claim } = entry;
    // It was told to end, so how it ended says nothing about the event.
    if (stopping) return settle(entry, () => store.release(claim));
    const { code } = toAppError(error);
    const hopeless = error instanceof AppError && !error.retryable;
    if (hopeless || claim.attempts >= maxAttempts) {
      return bury(entry, { reason: code, lastError: describeError(error), attempts: claim.attempts });
    }
    const delayMs = fullJitter(backoff, claim.attempts);
    log.warn({ group, ...identify(claim.event), attempt: claim.attempts, delayMs, reason: describeError(error) }, 'event failed, will be tried again');
    await settle(entry, () => store.retry(claim, delayMs));
    note(claim, 'retried');
    if (delayMs < POLL_MS) wakeIn(delayMs);
  }

  async function bury(entry: Held, letter: Letter): Promise<void> {
    log.error({ group, ...identify(entry.claim.event), ...letter }, 'event failed for good');
    await settle(entry, () => store.bury(entry.claim, letter));
    note(entry.claim, 'buried');
  }

  /** Tells the store how an event ended, again and again until it hears or the lease has run out; then another consumer gets the event. */
  async function settle(entry: Held, tell: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await tell();
      } catch (error) {
        if (performance.now() - entry.confirmedAt > leaseMs) {
          log.error({ group, ...identify(entry.claim.event), reason: describeError(error) }, 'the end of an event could not be stored; it will be repeated');
          return;
        }
        await delay(fullJitter(STORE_BACKOFF, attempt));
      }
    }
  }

  async function extendLeases(): Promise<void> {
    const asked = [...held];
    const askedAt = performance.now();
    try {
      const ours = await store.extend(asked.map(({ claim }) => claim));
      const kept = new Set(ours.map(fence));
      for (const entry of asked) {
        if (kept.has(fence(entry.claim))) entry.confirmedAt = askedAt;
        else if (held.has(entry)) lose(entry);
      }
    } catch (error) {
      log.warn({ group, reason: describeError(error) }, 'leases could not be extended');
      for (const entry of asked) if (performance.now() - entry.confirmedAt > leaseMs) lose(entry);
    }
  }

  function lose(entry: Held): void {
    entry.controller.abort(new Error('the event was lost to another consumer'));
  }

  function wakeIn(ms: number): void {
    if (stopping) return;
    const timer = setTimeout(() => {
      retryTimers.delete(timer);
      alarm.wake();
    }, ms + 5);
    retryTimers.add(timer);
  }

  const leaseTimer = setInterval(() => {
    if (held.size === 0) return;
    extending ??= extendLeases().finally(() => (extending = undefined));
  }, leaseMs / 3);
  const taking = takeWork();

  async function stop(): Promise<void> {
    stopping = true;
    alarm.wake();
    for (const timer of retryTimers) clearTimeout(timer);
    for (const { controller } of held) controller.abort(new Error('the subscription stops'));
    await taking;
    await Promise.all(work);
    clearInterval(leaseTimer);
    await extending;
  }

  let stopped: Promise<void> | undefined;
  return { wake: () => alarm.wake(), stop: () => (stopped ??= stop()) };
}

function fence({ id, attempts }: Claim): string {
  return `${id}:${attempts}`;
}
