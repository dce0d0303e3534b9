import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

/** The algorithms that are taken at all. Each belongs to one kind of key, so no key is ever used for another one. */
export type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

/** Which key a token says it was signed with. */
export interface KeyHint {
  alg: string;
  kid?: string | undefined;
}

/** Where keys come from that tokens are checked with. */
export interface KeySource {
  algorithms: readonly Algorithm[];
  /**
   * The keys that may have signed such a token, a few at most.
   * @throws AppError `unavailable` when they are elsewhere and cannot be had
   */
  find(hint: KeyHint): readonly KeyObject[] | Promise<readonly KeyObject[]>;
}

const SMALLEST_RSA_BITS = 2_048;

/** The one algorithm that a public key is for here, or null when it is for none. */
export function algorithmOf({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Exclude<Algorithm, 'HS256'> | null {
  if (type !== 'public') return null;
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= SMALLEST_RSA_BITS ? 'RS256' : null;
  if (asymmetricKeyType === 'ec') return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : null;
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : null;
}

/** Shared secrets, which may change while tokens are checked. */
export interface SecretSource extends KeySource {
  /** From now on tokens are checked with these, the first one first. */
  replace(secrets: readonly string[]): void;
}

/** Shared secrets for HS256. Several are for their change: tokens of the older ones are good until those are removed. */
export function secretKeys(secrets: readonly string[]): SecretSource {
  const importAll = (all: readonly string[]): KeyObject[] => all.map((secret) => createSecretKey(secret, 'utf8'));
  let keys = importAll(secrets);
  return {
    algorithms: ['HS256'],
    find: () => keys,
    replace(changed) {
      keys = importAll(changed);
    },
  };
}

/**
 * A public key in PEM, for the algorithm of its kind. Line ends may be written as `\n`, as in one-line variables.
 * @throws Error that says what is wrong with it
 */
export function publicKey(pem: string): KeySource {
  const text = pem.replaceAll('\\n', '\n').trim();
  if (/PRIVATE KEY-----/.test(text)) throw new Error('this is a private key, which only the issuer of tokens should have');
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw new Error('this is no public key in PEM');
  }
  const algorithm = algorithmOf(key);
  if (algorithm === null) throw new Error(`keys of this kind are not taken: RSA of ${SMALLEST_RSA_BITS} bits or more, EC on P-256, or Ed25519 are`);
  return { algorithms: [algorithm], find: () => [key] };
}
