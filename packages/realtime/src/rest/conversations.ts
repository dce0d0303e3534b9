import { z } from 'zod';
import { LARGEST_PAGE, messageView } from '../contracts/chat.ts';
import { conversationId, userId } from '../contracts/chat-fields.ts';
import { plainText } from '../contracts/text.ts';
import type { ConversationService } from '../domain/conversations.ts';
import { actorOf } from './authenticate.ts';
import { nextPage, type RestApp } from './route.ts';

const tags = ['conversations'] as const;
const idParams = z.object({ id: conversationId });
const memberParams = z.object({ id: conversationId, user: userId });
const role = z.enum(['member', 'moderator']).default('member');
const anyRole = z.enum(['guest', 'member', 'moderator']);

const conversationFields = {
  conversation_id: z.string(),
  public: z.boolean(),
  title: z.string().nullable(),
  latest_seq: z.number().int(),
  created_at: z.iso.datetime(),
};
const conversation = z.object(conversationFields).meta({ id: 'Conversation' });
const ownConversation = z
  .object({
    ...conversationFields,
    role: anyRole,
    read_seq: z.number().int(),
    unread: z.number().int().describe('At most 1,000 are counted.'),
    last_message_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'OwnConversation' });

const listedMember = z
  .object({ user_id: z.string(), role: anyRole, read_seq: z.number().int(), joined_at: z.iso.datetime() })
  .meta({ id: 'ListedMember' });
const member = z.object({ conversation_id: z.string(), user_id: z.string(), role: z.enum(['member', 'moderator']) }).meta({ id: 'Member' });

/** Conversations, their members and their messages. */
export function conversationRoutes(app: RestApp, { conversations }: { conversations: ConversationService }): void {
  app.put(
    '/conversations/:id',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: 'Make or change a conversation.',
        description: 'What is left out stays as it is; members are added.',
        params: idParams,
        body: z
          .strictObject({
            public: z.boolean().optional(),
            title: plainText(256).nullable().optional(),
            members: z.array(z.strictObject({ user_id: userId, role })).max(1_000).optional(),
          })
          .prefault({}),
        response: { 200: z.object({ conversation }), 201: z.object({ conversation }) },
      },
    },
    async (request, reply) => {
      const put = await conversations.put(request.params.id, request.body, actorOf(request.identity, request));
      return reply.status(put.created ? 201 : 200).send({ conversation: put.conversation });
    },
  );

  app.get(
    '/conversations/:id/members',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'List the members of a conversation and what they have read.',
        description: 'For whoever may join its channel. Guests have read in a public conversation without being members.',
        params: idParams,
        querystring: z.object({
          after: userId.optional().describe('The `next` of the page before.'),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
        }),
        response: { 200: z.object({ members: z.array(listedMember), next: nextPage }) },
        errors: ['not_found', 'forbidden'],
      },
    },
    (request) => conversations.members(request.params.id, request.identity, request.query),
  );

  app.put(
    '/conversations/:id/members/:user',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: 'Add a member, or change its role.',
        params: memberParams,
        body: z.strictObject({ role }).prefault({}),
        response: { 200: z.object({ member }) },
        errors: ['not_found'],
      },
    },
    async (request) => {
      const { id, user } = request.params;
      const { role: given } = request.body;
      await conversations.setMember(id, user, given, actorOf(request.identity, request));
      return { member: { conversation_id: id, user_id: user, role: given } };
    },
  );

  app.delete(
    '/conversations/:id/members/:user',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: 'Remove a member.',
        description: "The user's channels on the conversation are closed. Removing somebody who is no member does nothing.",
        params: memberParams,
        response: { 200: z.object({ conversation_id: z.string(), user_id: z.string() }) },
        errors: ['not_found'],
      },
    },
    async (request) => {
      const { id, user } = request.params;
      await conversations.removeMember(id, user, actorOf(request.identity, request));
      return { conversation_id: id, user_id: user };
    },
  );

  app.get(
    '/conversations',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: "List the caller's conversations, latest active first.",
        querystring: z.object({
          before: plainText(256).optional().describe('The `next` of the page before.'),
          limit: z.coerce.number().int().min(1).max(100).default(50),
        }),
        response: { 200: z.object({ conversations: z.array(ownConversation), next: nextPage }) },
      },
    },
    (request) => conversations.listOf(request.identity.userId, request.query),
  );

  app.get(
    '/conversations/:id/messages',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'List the messages of a conversation, oldest first.',
        description: 'For whoever may join its channel. The newest page comes first: go on before the `seq` of its first message.',
        params: idParams,
        querystring: z.object({
          before_seq: z.coerce.number().int().min(1).optional(),
          limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).optional(),
        }),
        response: { 200: z.object({ messages: z.array(messageView) }) },
        errors: ['not_found', 'forbidden'],
      },
    },
    async (request) => ({ messages: await conversations.messages(request.params.id, request.identity, request.query) }),
  );
}
