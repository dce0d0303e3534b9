import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { id, userId } from './fields.ts';

export const chatMessage = defineEvent('chat.message', {
  doc: 'A chat message was sent; moderation reads these.',
  payload: z.object({
    id,
    seq: z.number().int().min(1),
    conversationId: id,
    senderId: userId,
    type: z.enum(['text', 'image', 'video', 'audio', 'file']),
    content: z.string(),
    replyTo: id.nullable(),
    attachments: z.array(z.unknown()),
    clientMessageId: z.string().nullable(),
    createdAt: z.iso.datetime(),
  }),
  key: ({ conversationId }) => conversationId,
  from: ['realtime'],
});

/** How present somebody is, the most present first. */
export const PRESENCE_STATUSES = ['online', 'busy', 'away', 'offline'] as const;
export type PresenceStatus = (typeof PRESENCE_STATUSES)[number];

export const presenceUpdate = defineEvent('presence.update', {
  doc: 'The presence of a user changed; analytics reads these.',
  payload: z.object({ user_id: userId, status: z.enum(PRESENCE_STATUSES), topic: z.string().max(512) }),
  key: ({ user_id }) => user_id,
  from: ['realtime'],
});

export const membershipUpdated = defineEvent('membership.updated', {
  doc: 'The members of a conversation changed.',
  payload: z.object({ conversation_id: id, added: z.array(userId).default([]), removed: z.array(userId).default([]) }),
  key: ({ conversation_id }) => conversation_id,
  from: ['backend', 'realtime'],
});

export const userRevoked = defineEvent('user.revoked', {
  doc: 'A user is forced out: all their sockets close.',
  payload: z.object({ user_id: userId, reason: z.string().max(256).optional() }),
  key: ({ user_id }) => user_id,
  from: ['backend', 'realtime'],
});
