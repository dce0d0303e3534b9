import { AppError } from '@armoricore/shared/kernel';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Identity } from './identity.ts';

/** How far clocks may be apart, in s: a token may begin, and may have been issued, so far in the future. */
export const CLOCK_TOLERANCE_S = 5;

const word = z.string().max(64);

/** Claims that tokens carry; `user_id` goes before `sub`. Times are NumericDate: seconds. */
const claimsSchema = z.object({
  user_id: z.union([z.string().min(1).max(256), z.number().int().transform(String)]).optional(),
  sub: z.string().min(1).max(256).optional(),
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().min(1).max(256).optional(),
  roles: z.array(word).max(32).default([]),
  sources: z.array(word).max(32).default(['backend']),
  conversations: z.array(z.string().min(1).max(256)).max(1_000).optional(),
});

/** What a token that was checked says; tokens without a `jti` have an id, too. */
export type VerifiedIdentity = Identity & { tokenId: string };

/**
 * Reads the claims of a token whose signature is right.
 * @param token the token itself: one without a `jti` is named by what was signed of it
 * @param now in ms since the epoch
 * @throws AppError `token_expired` or `unauthorized`
 */
export function identityOf(payload: unknown, token: string, now: number): VerifiedIdentity {
  const { success, data: claims, error } = claimsSchema.safeParse(payload);
  if (!success) throw new AppError('unauthorized', { why: `the claim ${error.issues[0]?.path.join('.')} is not as it has to be` });
  const userId = claims.user_id ?? claims.sub;
  if (userId === undefined) throw new AppError('unauthorized', { why: 'the token has neither user_id nor sub' });
  if (claims.exp * 1_000 <= now) throw new AppError('token_expired');
  // A token from the future would outlive the revocations of today.
  if (claims.iat !== undefined && claims.iat > now / 1_000 + CLOCK_TOLERANCE_S) {
    throw new AppError('unauthorized', { why: 'the token was issued in the future' });
  }
  const { roles, sources, exp, iat, jti, conversations } = claims;
  return {
    userId,
    roles,
    sources,
    expiresAt: exp * 1_000,
    ...(iat === undefined ? {} : { issuedAt: iat * 1_000 }),
    tokenId: jti ?? fingerprint(token),
    ...(conversations === undefined ? {} : { conversations }),
  };
}

/** Of header and claims, not of the signature: that can be written in more than one way. */
function fingerprint(token: string): string {
  return `sha256:${createHash('sha256').update(token.slice(0, token.lastIndexOf('.'))).digest('base64url')}`;
}
