import type { Channel } from 'phoenix';

/** Why the server, or the way to it, said no. */
export interface Refusal {
  /** A code of the server, or `network`: there is no connection, or no answer came. */
  reason: string;
  /** Of `rate_limited`, in ms. */
  retryAfterMs?: number;
  /** Of `call_ended`: how it ended. */
  ended?: string;
}

export type Answer<T> = { ok: true; reply: T } | { ok: false; refusal: Refusal };

const NETWORK: Answer<never> = { ok: false, refusal: { reason: 'network' } };

/** Pushes on a joined channel, and resolves with what the server answers. On one that is not joined it is refused at once. */
export function ask<T>(channel: Channel, event: string, payload: object = {}): Promise<Answer<T>> {
  // phoenix.js would keep it until it is joined again, and so say what was long given up.
  if (channel.state !== 'joined') return Promise.resolve(NETWORK);
  return new Promise((resolve) => {
    channel
      .push(event, payload)
      .receive('ok', (reply: T) => resolve({ ok: true, reply }))
      .receive('error', (error?: unknown) => resolve({ ok: false, refusal: refusalOf(error) }))
      .receive('timeout', () => resolve(NETWORK));
  });
}

/** The refusal that an answer `error` stands for. */
export function refusalOf(error: unknown): Refusal {
  const { reason, retry_after_ms, ended } = (error ?? {}) as { reason?: unknown; retry_after_ms?: unknown; ended?: unknown };
  return {
    reason: typeof reason === 'string' ? reason : 'internal',
    ...(typeof retry_after_ms === 'number' ? { retryAfterMs: retry_after_ms } : {}),
    ...(typeof ended === 'string' ? { ended } : {}),
  };
}

/** Refusals that any push may get, in the words of the person who waits for it. */
export function refusalInWords({ reason, retryAfterMs = 1_000 }: Refusal): string {
  if (reason === 'rate_limited') {
    const seconds = Math.ceil(retryAfterMs / 1_000);
    return `That was too much at once. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`;
  }
  return WORDS[reason] ?? 'Something went wrong on the server.';
}

const WORDS: Record<string, string> = {
  network: 'There is no connection. Try again when it is back.',
  unavailable: 'The server cannot save anything at the moment. Try again in a moment.',
  overloaded: 'The server has too much to do. Try again in a moment.',
  unauthorized: 'Your access has ended. Open the page again to sign in.',
  invalid_payload: 'The server does not take this as it is.',
};
