import type { ErrorCode } from '../kernel/index.ts';

/**
 * An event that a consumer holds for the length of a lease. `seq` and `attempts` together fence it: once the lease has
 * run out, the next claim of the event has other `attempts`.
 */
export interface Claim {
  seq: number;
  /** Tries so far, this one included. Counted when claimed, so that also a consumer that dies has used one up. */
  attempts: number;
  /** As stored; checked by the consumer. */
  event: unknown;
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
