import { AppError } from '@armoricore/shared/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hasRole, type Identity, type Role } from '../auth/identity.ts';
import type { VerifyToken } from '../auth/tokens.ts';
import type { Actor } from '../domain/audit.ts';

/** Who may call a route: holders of one of these roles, anyone with a token, or everybody. */
export type Access = readonly [Role, ...Role[]] | 'token' | 'public';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls: on routes that need a token. */
    readonly identity: Identity;
  }
}

export type Authenticate = (request: FastifyRequest) => Promise<Identity>;

/** Reads the bearer token of a request. The function it returns throws AppError `unauthorized` or `token_expired`. */
export function createAuthenticate(verifyToken: VerifyToken): Authenticate {
  return (request) => {
    const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw new AppError('unauthorized', { why: 'the request has no Authorization: Bearer header' });
    return verifyToken(token);
  };
}

/**
 * Asks for a token on every route whose `access` needs one, before the body is read and anything of the request is checked: a
 * stranger learns nothing of it.
 */
export function useAccess(app: FastifyInstance, authenticate: Authenticate): void {
  const identities = new WeakMap<FastifyRequest, Identity>();
  app.decorateRequest('identity', {
    getter(this: FastifyRequest) {
      const identity = identities.get(this);
      if (identity === undefined) throw new AppError('unauthorized', { why: 'the route asks for no token' });
      return identity;
    },
  });

  async function admit(request: FastifyRequest): Promise<void> {
    const identity = await authenticate(request);
    const { access } = request.routeOptions.config;
    if (access !== undefined && typeof access !== 'string') requireRole(identity, ...access);
    identities.set(request, identity);
  }

  app.addHook('onRoute', (route) => {
    const { access } = route.config ?? {};
    if (access === undefined || access === 'public') return;
    // Hooks of the route itself come after those around it, so that a refusal has the headers of CORS. HEAD inherits those of GET.
    const hooks = [route.onRequest ?? []].flat();
    if (!hooks.includes(admit)) route.onRequest = [...hooks, admit];
  });
}

/** @throws AppError `forbidden` unless the identity has one of the roles */
export function requireRole(identity: Identity, ...roles: readonly [Role, ...Role[]]): void {
  if (!roles.some((role) => hasRole(identity, role))) throw new AppError('forbidden', { needed_role: roles.join(' or ') });
}

/** The holder of a token as the audit log names him. */
export function actorOf(identity: Identity, request: FastifyRequest): Actor {
  return { userId: identity.userId, remoteAddress: request.ip };
}
