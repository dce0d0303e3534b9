import { AppError } from '@armoricore/shared/kernel';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { socketId } from '../auth/socket.ts';
import type { AuditService } from '../domain/audit.ts';
import type { Revocations } from '../domain/revocations.ts';
import type { Users } from '../domain/users.ts';
import type { Endpoint } from '../engine/index.ts';
import { actorOf, requireRole, type Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

const paramsSchema = z.object({ id: z.string().min(1).max(256) });
const revokeSchema = z.strictObject({ reason: z.string().min(1).max(256).optional() });

export interface UserDependencies {
  users: Users;
  revocations: Revocations;
  audit: AuditService;
  endpoint: Pick<Endpoint, 'disconnect'>;
  authenticate: Authenticate;
}

/** Users that were here, and the ends of their sockets and tokens. */
export function userRoutes(app: FastifyInstance, { users, revocations, audit, endpoint, authenticate }: UserDependencies): void {
  app.get('/users/:id', async (request) => {
    requireRole(await authenticate(request), 'service', 'admin', 'viewer');
    const user = await users.find(parse(paramsSchema, request.params).id);
    if (user === null) throw new AppError('not_found');
    const { id, firstSeenAt, lastSeenAt, roles } = user;
    return { user: { user_id: id, first_seen_at: firstSeenAt.toISOString(), last_seen_at: lastSeenAt.toISOString(), roles } };
  });

  /** Closes the user's sockets; clients come back with the same token. */
  app.post('/users/:id/disconnect', async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service', 'admin');
    const { id } = parse(paramsSchema, request.params);
    await audit.record({ actor: actorOf(identity, request), action: 'user.disconnect', subject: `user:${id}` });
    endpoint.disconnect(socketId(id));
    return reply.status(202).send({ user_id: id });
  });

  /** Closes the user's sockets and refuses all tokens that were issued until now. */
  app.post('/users/:id/revoke', async (request) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service', 'admin');
    const { id } = parse(paramsSchema, request.params);
    const { reason } = parse(revokeSchema, request.body ?? {});
    const { since } = await revocations.revokeUser(id, { actor: actorOf(identity, request), reason });
    return { user_id: id, revoked_until: new Date(since).toISOString() };
  });
}
