import { AppError, describeError, type Log } from '@armoricore/shared/kernel';
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { algorithmOf, type Algorithm, type KeyHint, type KeySource } from './keys.ts';

/** Keys of one set that are read. */
const MOST_KEYS = 64;
/** Keys that a token without `kid` is tried with. */
const MOST_TRIES = 8;

const setSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

export interface JwksOptions {
  log: Log;
  /** The set is fetched anew in the background when it is older, in ms. */
  maxAgeMs?: number;
  /** The set is good for so long when it cannot be fetched anew, in ms. */
  maxStaleMs?: number;
  /** How long after a try to fetch the set an unknown `kid` causes no other, in ms. */
  cooldownMs?: number;
  /** How long after a try that failed there is no other while there is no set at all, in ms. */
  retryMs?: number;
  timeoutMs?: number;
  maxBytes?: number;
}

interface PublishedKey {
  kid: string | undefined;
  algorithm: Algorithm;
  key: KeyObject;
}

/**
 * The public keys at a JWKS address (RFC 7517). They are fetched when first needed, now and then in the background, and when
 * a token names a `kid` that is not among them: so new keys are known at once, and made-up ones cost one request per cooldown.
 * Keys that are known go on working while the address does not answer.
 */
export function createJwks(url: string, options: JwksOptions): KeySource {
  const { log, maxAgeMs = 600_000, maxStaleMs = 24 * 3_600_000, cooldownMs = 10_000, retryMs = 1_000, timeoutMs = 5_000, maxBytes = 256 * 1024 } = options;
  let published: PublishedKey[] | null = null;
  let fetchedAt = -Infinity;
  let triedAt = -Infinity;
  let failure: unknown = null;
  let fetching: Promise<void> | null = null;

  /** Several that ask at once share one request. Never rejects: `failure` says how the last one ended. */
  function refresh(): Promise<void> {
    fetching ??= fetchSet(url, { timeoutMs, maxBytes })
      .then(
        (keys) => {
          published = keys;
          fetchedAt = performance.now();
          failure = null;
        },
        (thrown: unknown) => {
          failure = thrown;
          log.warn({ reason: describeError(thrown) }, 'the keys at JWKS_URL could not be fetched');
        },
      )
      .finally(() => {
        triedAt = performance.now();
        fetching = null;
      });
    return fetching;
  }

  function matches({ alg, kid }: KeyHint): KeyObject[] {
    const fits = (key: PublishedKey): boolean => key.algorithm === alg && (kid === undefined || key.kid === kid);
    return (published ?? []).filter(fits).slice(0, MOST_TRIES).map(({ key }) => key);
  }

  return {
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    async find(hint) {
      const now = performance.now();
      if (now - fetchedAt > maxStaleMs) published = null;
      const mayTry = fetching !== null || now - triedAt >= (published === null ? retryMs : cooldownMs);
      const known = matches(hint);
      if (known.length > 0) {
        if (mayTry && now - fetchedAt > maxAgeMs) void refresh();
        return known;
      }
      if (mayTry) await refresh();
      const found = matches(hint);
      if (found.length === 0 && failure !== null) throw new AppError('unavailable', { service: 'jwks' }, { cause: failure });
      return found;
    },
  };
}

async function fetchSet(url: string, { timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number }): Promise<PublishedKey[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/jwk-set+json, application/json' } });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the answer is ${response.status}`);
  }
  const { keys } = setSchema.parse(JSON.parse(await readAtMost(response, maxBytes)));
  return keys.slice(0, MOST_KEYS).flatMap(readKey);
}

async function readAtMost({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels what has not come yet.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Keys of other kinds, for encryption, or broken ones are of no concern here: sets are shared with others. */
function readKey(jwk: Record<string, unknown>): PublishedKey[] {
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return [];
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const algorithm = algorithmOf(key);
    if (algorithm === null || (jwk['alg'] !== undefined && jwk['alg'] !== algorithm)) return [];
    return [{ kid: typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined, algorithm, key }];
  } catch {
    return [];
  }
}
