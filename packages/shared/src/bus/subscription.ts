import { EVENT_TYPES, type EventType } from '../events/index.ts';
import type { Backoff } from '../kernel/index.ts';
import type { SubscriptionOptions } from './port.ts';

/** A subscription with every default filled in. */
export type CompleteSubscription<T extends EventType = EventType> = Required<SubscriptionOptions<T>> & { backoff: Backoff };

const GROUP = /^[a-z][a-z0-9_.-]{0,63}$/;

/** @throws TypeError for what no subscription may be called; it goes into names and headers of brokers. */
export function assertGroup(group: string): string {
  if (!GROUP.test(group)) throw new TypeError(`group is ${JSON.stringify(group)}; allowed: ${GROUP.source}`);
  return group;
}

/** Fills in the defaults. @throws TypeError that says what is allowed, for what only a wrong program would ask. */
export function completeSubscription<T extends EventType>(options: SubscriptionOptions<T>): CompleteSubscription<T> {
  const { group, types, concurrency = 8, maxAttempts = 5, leaseMs = 15_000, backoff = { baseMs: 200, maxMs: 30_000 } } = options;
  assertGroup(group);
  const unknown = types.filter((type) => !EVENT_TYPES.includes(type));
  if (types.length === 0 || unknown.length > 0) {
    throw new TypeError(`types are ${JSON.stringify(types)}; allowed: one or more of ${EVENT_TYPES.join(', ')}`);
  }
  const numbers = { concurrency: [concurrency, 1, 1000], maxAttempts: [maxAttempts, 1, 1000], leaseMs: [leaseMs, 50, 3_600_000] } as const;
  for (const [name, [value, min, max]] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < min || value > max) throw new TypeError(`${name} is ${value}; allowed: ${min} to ${max}`);
  }
  return { ...options, concurrency, maxAttempts, leaseMs, backoff };
}
