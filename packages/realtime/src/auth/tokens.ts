import { AppError } from '@armoricore/shared/kernel';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Identity } from './identity.ts';

/** Claims that tokens carry; `user_id` goes before `sub`. */
const claimsSchema = z.object({
  user_id: z.union([z.string().min(1).max(256), z.number().int().transform(String)]).optional(),
  sub: z.string().min(1).max(256).optional(),
  exp: z.number(),
  roles: z.array(z.string().max(64)).max(32).default([]),
  sources: z.array(z.string().max(64)).max(32).default(['backend']),
});

export interface TokenOptions {
  secret: string;
  issuer?: string | undefined;
  audience?: string | undefined;
}

export type VerifyToken = (token: string) => Promise<Identity>;

/**
 * Checks JWTs signed by HS256, the only algorithm taken. `exp` is required.
 * The function it returns throws AppError `token_expired` or `unauthorized` (with `why`, never with the token).
 */
export function createTokenVerifier({ secret, issuer, audience }: TokenOptions): VerifyToken {
  const key = new TextEncoder().encode(secret);
  const options = {
    algorithms: ['HS256'],
    requiredClaims: ['exp'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, key, options);
      const claims = claimsSchema.parse(payload);
      const userId = claims.user_id ?? claims.sub;
      if (userId === undefined) throw new AppError('unauthorized', { why: 'the token has neither user_id nor sub' });
      return { userId, roles: claims.roles, sources: claims.sources, expiresAt: claims.exp * 1000 };
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) return new AppError('token_expired');
  const why = error instanceof errors.JOSEError ? error.message : 'a claim has the wrong type';
  return new AppError('unauthorized', { why });
}

/** Makes a token that a verifier with the same options takes, for development and tests. `ttlS` in seconds. */
export function issueToken(
  { secret, issuer, audience }: TokenOptions,
  { userId, roles = ['user'], ttlS }: { userId: string; roles?: string[]; ttlS: number },
): Promise<string> {
  const token = new SignJWT({ user_id: userId, roles }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime(`${ttlS}s`);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
