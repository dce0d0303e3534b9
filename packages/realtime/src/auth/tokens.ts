import { AppError, toAppError } from '@armoricore/shared/kernel';
import type { KeyObject } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTVerifyOptions } from 'jose';
import { CLOCK_TOLERANCE_S, identityOf, type VerifiedIdentity } from './claims.ts';
import type { Identity } from './identity.ts';
import type { KeyHint, KeySource } from './keys.ts';

/** Longest token, in characters. */
const LONGEST_TOKEN = 16_384;

export interface VerifierOptions {
  /** Tokens are checked with the keys of those that have their algorithm. */
  keys: readonly KeySource[];
  issuer?: string | undefined;
  audience?: string | undefined;
  /** Asked of each token that is good otherwise. */
  isRevoked?: (identity: Identity) => boolean | Promise<boolean>;
}

export type VerifyToken = (token: string) => Promise<VerifiedIdentity>;

/**
 * Checks JWTs: signature, algorithm, `exp` (required), `nbf`, `iat`, and issuer and audience where they are set.
 * The function it returns throws AppError `token_expired`, `token_revoked`, `unauthorized` (with `why`, never with the token),
 * or `unavailable` when keys cannot be had.
 */
export function createTokenVerifier({ keys, issuer, audience, isRevoked }: VerifierOptions): VerifyToken {
  const options: JWTVerifyOptions = {
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_S,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (token) => {
    const hint = readHint(token);
    const sources = keys.filter(({ algorithms }) => (algorithms as readonly string[]).includes(hint.alg));
    if (sources.length === 0) throw unauthorized('tokens of this algorithm are not taken');
    const identity = identityOf(await verifyByAny(token, hint, sources, options), token, Date.now());
    if (await isRevoked?.(identity)) throw new AppError('token_revoked');
    return identity;
  };
}

/** @returns the claims */
async function verifyByAny(token: string, hint: KeyHint, sources: readonly KeySource[], options: JWTVerifyOptions): Promise<unknown> {
  let unavailable: AppError | null = null;
  let tried = 0;
  for (const source of sources) {
    const found = await Promise.resolve(source.find(hint)).catch((thrown: unknown) => {
      unavailable = toAppError(thrown);
      return [];
    });
    for (const key of found) {
      tried += 1;
      const payload = await verifyBy(token, key, { ...options, algorithms: [hint.alg] });
      if (payload !== null) return payload;
    }
  }
  throw unavailable ?? unauthorized(tried === 0 ? 'no key is known that the token names' : 'the signature is wrong');
}

/** Null when another key may have signed it. */
async function verifyBy(token: string, key: KeyObject, options: JWTVerifyOptions): Promise<unknown> {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return null;
    if (error instanceof errors.JWTExpired) throw new AppError('token_expired');
    throw error instanceof errors.JOSEError ? unauthorized(error.message) : error;
  }
}

function readHint(token: string): KeyHint {
  if (token.length > LONGEST_TOKEN) throw unauthorized('the token is too long');
  try {
    const { alg = 'none', kid } = decodeProtectedHeader(token);
    return { alg, kid: typeof kid === 'string' ? kid : undefined };
  } catch {
    throw unauthorized('this is no JWT');
  }
}

function unauthorized(why: string): AppError {
  return new AppError('unauthorized', { why });
}

export interface TokenOptions {
  secret: string;
  issuer?: string | undefined;
  audience?: string | undefined;
}

/** Makes a token of HS256, for development and tests. `ttlS` in seconds. */
export function issueToken(
  { secret, issuer, audience }: TokenOptions,
  { userId, roles = ['user'], conversations, ttlS }: { userId: string; roles?: string[]; conversations?: string[] | undefined; ttlS: number },
): Promise<string> {
  const token = new SignJWT({ user_id: userId, roles, ...(conversations === undefined ? {} : { conversations }) }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime(`${ttlS}s`);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
