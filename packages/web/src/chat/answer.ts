import type { Refusal } from './state/room.ts';

/** What the server says to a push. */
export type Answer<T> = { ok: true; reply: T } | { ok: false; refusal: Refusal };

/** Pushes an event of the room's channel; `network` when there is no connection, or no answer. */
export type Ask = <T>(event: string, payload: object) => Promise<Answer<T>>;

/** The payload of a reply that is an error. */
export interface ErrorReply {
  reason?: string;
  retry_after_ms?: number;
}

export function refusalOf({ reason = 'internal', retry_after_ms }: ErrorReply = {}): Refusal {
  return { reason, ...(retry_after_ms === undefined ? {} : { retryAfterMs: retry_after_ms }) };
}
