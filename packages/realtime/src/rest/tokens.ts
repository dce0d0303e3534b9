import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { VerifyToken } from '../auth/tokens.ts';
import { plainText } from '../contracts/text.ts';
import type { Revocations } from '../domain/revocations.ts';
import { actorOf } from './authenticate.ts';
import type { RestApp } from './route.ts';

const tokenNames = z.union([
  z.strictObject({ token: z.string().min(1) }),
  z.strictObject({ jti: plainText(256), expires_at: z.iso.datetime({ offset: true }).optional() }),
]);

export interface TokenDependencies {
  verifyToken: VerifyToken;
  revocations: Revocations;
}

/** `POST /tokens/revoke`: refuses one token from now on, by itself or by its `jti`, and closes its sockets. */
export function tokenRoutes(app: RestApp, { verifyToken, revocations }: TokenDependencies): void {
  app.post(
    '/tokens/revoke',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags: ['users'],
        summary: 'Refuse one token from now on, and close its sockets.',
        body: tokenNames,
        response: { 200: z.object({ token_id: z.string(), expires_at: z.iso.datetime().nullable() }) },
      },
    },
    async (request) => {
      const { tokenId, expiresAt } = await namedToken(request.body, verifyToken);
      await revocations.revokeToken(tokenId, { actor: actorOf(request.identity, request), expiresAt });
      return { token_id: tokenId, expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString() };
    },
  );
}

interface NamedToken {
  tokenId: string;
  expiresAt: number | null;
}

/** A token that is not valid needs no revocation: it is refused with what is wrong with it. */
async function namedToken(body: z.infer<typeof tokenNames>, verifyToken: VerifyToken): Promise<NamedToken> {
  if ('jti' in body) return { tokenId: body.jti, expiresAt: body.expires_at === undefined ? null : Date.parse(body.expires_at) };
  try {
    const { tokenId, expiresAt } = await verifyToken(body.token);
    return { tokenId, expiresAt };
  } catch (error) {
    if (!(error instanceof AppError) || error.class === 'transient') throw error;
    throw new AppError('invalid_payload', { issues: [{ path: 'token', message: error.message }] });
  }
}
