import type { DeadLetter } from '../dead-letters/index.ts';
import type { ErrorCode } from '../kernel/index.ts';

/**
 * An event that a consumer holds for the length of a lease. `id` and `attempts` together fence it: once the lease has
 * run out, the next claim of the event has other `attempts`.
 */
export interface Claim {
  /** The store's own name of the delivery. */
  id: string;
  /** Tries so far, this one included. Counted when claimed, so that also a consumer that dies has used one up. */
  attempts: number;
  /** As stored; checked by the consumer. */
  event: unknown;
  /** As in `Delivery`. */
  onlyFor?: string;
}

/**
 * The deliveries of one group, as `startConsumer` needs them from an adapter. Whatever ends a claim does nothing when
 * the claim is no longer the caller's. Every call may reject when the store cannot be reached.
 */
export interface DeliveryStore {
  /**
   * Up to `limit` events that are due, at most one of a key. A key that has an event with a running lease or a waiting
   * retry is held back; in any other, what was tried before goes first, then the oldest.
   */
  claim(limit: number): Promise<Claim[]>;
  /** Begins the lease of claims anew; returns those that are still the caller's. */
  extend(claims: readonly Claim[]): Promise<Claim[]>;
  /** Handled. */
  acknowledge(claim: Claim): Promise<void>;
  /** Failed; due again after `delayMs`. */
  retry(claim: Claim, delayMs: number): Promise<void>;
  /** Not tried at all; due at once, the attempt does not count. */
  release(claim: Claim): Promise<void>;
  /** Failed for good: moves it to the dead letters. */
  bury(claim: Claim, letter: Letter): Promise<void>;
}

export interface Letter {
  reason: ErrorCode;
  lastError: string;
  attempts: number;
}

/** The dead letter of an event that a group could not handle. */
export function deadLetterOf(group: string, claim: Claim, letter: Letter): DeadLetter {
  const { event_id, event_type } = identify(claim.event);
  return { kind: 'event', origin: group, refId: event_id ?? claim.id, name: event_type ?? 'unknown', payload: claim.event, ...letter };
}

/** Id and type of what may be an event. */
export function identify(event: unknown): { event_id?: string; event_type?: string } {
  if (typeof event !== 'object' || event === null) return {};
  const { event_id, event_type } = event as { event_id?: unknown; event_type?: unknown };
  return {
    ...(typeof event_id === 'string' && event_id !== '' ? { event_id: event_id.slice(0, 128) } : {}),
    ...(typeof event_type === 'string' && event_type !== '' ? { event_type: event_type.slice(0, 128) } : {}),
  };
}

/** JSON where a text is JSON, else the text itself: no event, as the consumer finds. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
