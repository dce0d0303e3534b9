import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import { socketId } from '../auth/socket.ts';
import { userId } from '../contracts/chat-fields.ts';
import { plainText } from '../contracts/text.ts';
import type { AuditService } from '../domain/audit.ts';
import type { Revocations } from '../domain/revocations.ts';
import type { Users } from '../domain/users.ts';
import type { Endpoint } from '../engine/index.ts';
import { actorOf } from './authenticate.ts';
import type { RestApp } from './route.ts';

const tags = ['users'] as const;
const params = z.object({ id: userId });

const userView = z
  .object({
    user_id: z.string(),
    first_seen_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
    roles: z.array(z.string()).readonly().describe('As the last token had them.'),
  })
  .meta({ id: 'User' });

export interface UserDependencies {
  users: Users;
  revocations: Revocations;
  audit: AuditService;
  endpoint: Pick<Endpoint, 'disconnect'>;
}

/** Users that were here, and the ends of their sockets and tokens. */
export function userRoutes(app: RestApp, { users, revocations, audit, endpoint }: UserDependencies): void {
  app.get(
    '/users/:id',
    {
      config: { access: ['service', 'admin', 'viewer'] },
      schema: {
        tags,
        summary: 'What is known of a user.',
        description: 'A user is known from the first connect on.',
        params,
        response: { 200: z.object({ user: userView }) },
        errors: ['not_found'],
      },
    },
    async (request) => {
      const user = await users.find(request.params.id);
      if (user === null) throw new AppError('not_found');
      const { id, firstSeenAt, lastSeenAt, roles } = user;
      return { user: { user_id: id, first_seen_at: firstSeenAt.toISOString(), last_seen_at: lastSeenAt.toISOString(), roles } };
    },
  );

  app.post(
    '/users/:id/disconnect',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: "Close a user's sockets on all nodes.",
        description: 'Clients come back with the same token.',
        params,
        response: { 202: z.object({ user_id: z.string() }) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await audit.record({ actor: actorOf(request.identity, request), action: 'user.disconnect', subject: `user:${id}` });
      endpoint.disconnect(socketId(id));
      return reply.status(202).send({ user_id: id });
    },
  );

  app.post(
    '/users/:id/revoke',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: "Close a user's sockets, and refuse all tokens that were issued until now.",
        params,
        body: z.strictObject({ reason: plainText(256).optional() }).prefault({}),
        response: { 200: z.object({ user_id: z.string(), revoked_until: z.iso.datetime() }) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { since } = await revocations.revokeUser(id, { actor: actorOf(request.identity, request), reason: request.body.reason });
      return { user_id: id, revoked_until: new Date(since).toISOString() };
    },
  );
}
