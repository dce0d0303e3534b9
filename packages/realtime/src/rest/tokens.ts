import { AppError } from '@armoricore/shared/kernel';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { VerifyToken } from '../auth/tokens.ts';
import type { Revocations } from '../domain/revocations.ts';
import { actorOf, requireRole, type Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

const bodySchema = z.union([
  z.strictObject({ token: z.string().min(1) }),
  z.strictObject({ jti: z.string().min(1).max(256), expires_at: z.iso.datetime({ offset: true }).optional() }),
]);

export interface TokenDependencies {
  verifyToken: VerifyToken;
  revocations: Revocations;
  authenticate: Authenticate;
}

/** `POST /tokens/revoke`: refuses one token from now on, by itself or by its `jti`, and closes its sockets. */
export function tokenRoutes(app: FastifyInstance, { verifyToken, revocations, authenticate }: TokenDependencies): void {
  app.post('/tokens/revoke', async (request) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service', 'admin');
    const { tokenId, expiresAt } = await namedToken(parse(bodySchema, request.body), verifyToken);
    await revocations.revokeToken(tokenId, { actor: actorOf(identity, request), expiresAt });
    return { token_id: tokenId, expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString() };
  });
}

interface NamedToken {
  tokenId: string;
  expiresAt: number | null;
}

/** A token that is not valid needs no revocation: it is refused with what is wrong with it. */
async function namedToken(body: z.infer<typeof bodySchema>, verifyToken: VerifyToken): Promise<NamedToken> {
  if ('jti' in body) return { tokenId: body.jti, expiresAt: body.expires_at === undefined ? null : Date.parse(body.expires_at) };
  try {
    const { tokenId, expiresAt } = await verifyToken(body.token);
    return { tokenId, expiresAt };
  } catch (error) {
    if (!(error instanceof AppError) || error.class === 'transient') throw error;
    throw new AppError('invalid_payload', { issues: [{ path: 'token', message: error.message }] });
  }
}
