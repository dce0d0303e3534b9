import type { BusEvent, EventType } from '../events/index.ts';
import type { Transaction } from '../db/index.ts';

/**
 * The message bus. Promises of every adapter, held by `busConformance`:
 * - **Durable**: when `publish` resolves, every group that knows the type gets the event, also groups that are down.
 * - **At least once**: an event is given to a group again until one handler of the group resolved for it.
 *   A consumer that dies gives its events back within `leaseMs`.
 * - **One consumer at a time**: of the consumers of a group, one handles an event at a time.
 * - **Order**: within a group, events with the same key (`eventKey`) are handled one after the other, in the order of
 *   their publishing; different keys go side by side. A retried event holds back its key.
 * - **Idempotent publish**: the same `event_id` with the same content is accepted once (`duplicate: true` afterwards); with
 *   another content it is refused with `event_id_conflict`.
 * - **Sources**: an event whose type may not come from its `source` is not handled but goes to the dead letters with
 *   `source_not_allowed`.
 * - **Poison**: after `maxAttempts` tries, or at once when the handler throws an AppError that is not retryable, the
 *   event goes to the dead letters with its reason, and the next one goes on.
 */
export interface Bus {
  /**
   * @throws AppError `event_id_conflict`, `payload_too_large` (over MAX_EVENT_BYTES), `unavailable`, `overloaded` when
   *   too many publishes wait for a broker that is away
   */
  publish(event: BusEvent, options?: PublishOptions): Promise<{ duplicate: boolean }>;

  /** Publishes events in one transaction, in their order, at little more than the cost of one. On every bus that is transactional. */
  publishAll?(events: readonly BusEvent[], options: PublishOptions & { transaction: Transaction }): Promise<{ duplicate: boolean }[]>;

  /**
   * Handles events of `types` as one consumer of `group`. A new group gets what was published before, too.
   * Resolves when the group exists, so that nothing published afterwards can be missed.
   */
  subscribe<T extends EventType>(subscription: SubscriptionOptions<T>): Promise<Subscription>;

  /** Events that a group has not handled yet; 0 for a group that nobody made. @throws AppError `unavailable` */
  backlog(group: string): Promise<number>;

  readonly transactional: boolean;
  /** Rejects when the bus cannot be reached. */
  ready(): Promise<void>;
  /** Ends subscriptions (as `Subscription.stop`) and connections. */
  close(): Promise<void>;
}

export interface PublishOptions {
  /**
   * Publish as part of the caller's transaction: the event exists if and only if it commits. Only a bus with
   * `transactional: true` takes it.
   */
  transaction?: Transaction;
  /** Only this group gets the event: one that is to be handled once more there. */
  group?: string;
}

export interface SubscriptionOptions<T extends EventType> {
  group: string;
  types: readonly T[];
  /** Resolving is the acknowledgement. `signal` aborts when the subscription stops or the event was lost to another consumer. */
  handler(event: BusEvent<T>, delivery: Delivery): Promise<void>;
  /** Most events at once; default 8. */
  concurrency?: number;
  /** Tries before the dead letters; default 5. */
  maxAttempts?: number;
  /** After this long without a sign of life from its consumer an event is given to another, in ms; default 15,000. The adapter extends it while a handler runs. */
  leaseMs?: number;
  /** Wait between tries; default 200 ms doubling to 30 s, full jitter. */
  backoff?: { baseMs: number; maxMs: number };
}

export interface Delivery {
  /** From 1. */
  attempt: number;
  /** The group that the event was published for, when it was for one alone. */
  onlyFor?: string;
  signal: AbortSignal;
}

export interface Subscription {
  /** Takes no new events, waits for running handlers, gives back what was not started. The group stays. */
  stop(): Promise<void>;
}
