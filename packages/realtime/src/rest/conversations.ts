import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { LARGEST_PAGE } from '../contracts/chat.ts';
import { conversationId, userId } from '../contracts/chat-fields.ts';
import type { ConversationService } from '../domain/conversations.ts';
import { actorOf, requireRole, type Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

const role = z.enum(['member', 'moderator']).default('member');
const conversationSchema = z.strictObject({
  public: z.boolean().optional(),
  title: z.string().min(1).max(256).nullable().optional(),
  members: z.array(z.strictObject({ user_id: userId, role })).max(1_000).optional(),
});
const memberSchema = z.strictObject({ role }).default({ role: 'member' });
const idSchema = z.object({ id: conversationId });
const memberIdSchema = z.object({ id: conversationId, user: userId });
const historySchema = z.object({
  before_seq: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).optional(),
});
const listSchema = z.object({ before: z.string().max(256).optional(), limit: z.coerce.number().int().min(1).max(100).default(50) });

export interface ConversationRoutes {
  conversations: ConversationService;
  authenticate: Authenticate;
}

/** Conversations, their members and their messages. */
export function conversationRoutes(app: FastifyInstance, { conversations, authenticate }: ConversationRoutes): void {
  app.put('/conversations/:id', async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service', 'admin');
    const { id } = parse(idSchema, request.params);
    const { created, conversation } = await conversations.put(id, parse(conversationSchema, request.body ?? {}), actorOf(identity, request));
    return reply.status(created ? 201 : 200).send({ conversation });
  });

  app.put('/conversations/:id/members/:user', async (request) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service', 'admin');
    const { id, user } = parse(memberIdSchema, request.params);
    const member = parse(memberSchema, request.body ?? undefined);
    await conversations.setMember(id, user, member.role, actorOf(identity, request));
    return { member: { conversation_id: id, user_id: user, role: member.role } };
  });

  app.delete('/conversations/:id/members/:user', async (request) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service', 'admin');
    const { id, user } = parse(memberIdSchema, request.params);
    await conversations.removeMember(id, user, actorOf(identity, request));
    return { conversation_id: id, user_id: user };
  });

  app.get('/conversations', async (request) => {
    const { userId: mine } = await authenticate(request);
    return conversations.listOf(mine, parse(listSchema, request.query));
  });

  app.get('/conversations/:id/messages', async (request) => {
    const identity = await authenticate(request);
    const { id } = parse(idSchema, request.params);
    return { messages: await conversations.messages(id, identity, parse(historySchema, request.query)) };
  });
}
