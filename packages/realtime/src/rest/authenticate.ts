import { AppError } from '@armoricore/shared/kernel';
import type { FastifyRequest } from 'fastify';
import { hasRole, type Identity } from '../auth/identity.ts';
import type { VerifyToken } from '../auth/tokens.ts';

export type Authenticate = (request: FastifyRequest) => Promise<Identity>;

/** Reads the bearer token of a request. The function it returns throws AppError `unauthorized` or `token_expired`. */
export function createAuthenticate(verifyToken: VerifyToken): Authenticate {
  return (request) => {
    const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw new AppError('unauthorized', { why: 'the request has no Authorization: Bearer header' });
    return verifyToken(token);
  };
}

/** @throws AppError `forbidden` unless the identity is a service of the backend */
export function requireService(identity: Identity): void {
  if (!hasRole(identity, 'service')) throw new AppError('forbidden', { needed_role: 'service' });
}
