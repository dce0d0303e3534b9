import { AppError } from '@armoricore/shared/kernel';
import type { FastifyRequest } from 'fastify';
import { hasRole, type Identity, type Role } from '../auth/identity.ts';
import type { VerifyToken } from '../auth/tokens.ts';
import type { Actor } from '../domain/audit.ts';

export type Authenticate = (request: FastifyRequest) => Promise<Identity>;

/** Reads the bearer token of a request. The function it returns throws AppError `unauthorized` or `token_expired`. */
export function createAuthenticate(verifyToken: VerifyToken): Authenticate {
  return (request) => {
    const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw new AppError('unauthorized', { why: 'the request has no Authorization: Bearer header' });
    return verifyToken(token);
  };
}

/** @throws AppError `forbidden` unless the identity has one of the roles */
export function requireRole(identity: Identity, ...roles: [Role, ...Role[]]): void {
  if (!roles.some((role) => hasRole(identity, role))) throw new AppError('forbidden', { needed_role: roles.join(' or ') });
}

/** The holder of a token as the audit log names him. */
export function actorOf(identity: Identity, request: FastifyRequest): Actor {
  return { userId: identity.userId, remoteAddress: request.ip };
}
