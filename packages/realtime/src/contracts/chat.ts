import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { attachments, clientMessageId, content, conversationId, emoji, messageId } from './chat-fields.ts';

/** Messages of one reply: what a client gets when it does not say, and the most. */
export const DEFAULT_PAGE = 50;
export const LARGEST_PAGE = 200;

const seq = z.number().int().min(0);
const limit = z.number().int().min(1).max(LARGEST_PAGE);
const type = z.enum(['text', 'image', 'video', 'audio', 'file']);

const newMessageFields = {
  id: z.string(),
  seq: z.number().int().describe('1, 2, 3 … in each conversation.'),
  conversationId: z.string(),
  senderId: z.string(),
  type,
  content: z.string(),
  replyTo: z.string().nullable(),
  attachments: z.array(z.record(z.string(), z.unknown())),
  clientMessageId: z.string().nullable().describe("The sender's own name for it."),
  createdAt: z.iso.datetime(),
};

/** A message as `message:new` and the reply to `message:send` show it. */
export const newMessage = z.object(newMessageFields).meta({ id: 'NewMessage' });
export type NewMessage = z.infer<typeof newMessage>;

export const reactionView = z
  .object({
    emoji: z.string(),
    count: z.number().int(),
    userIds: z.array(z.string()).describe('The first 50 who reacted so.'),
    mine: z.boolean().describe('Whether the reader is one of all.'),
  })
  .meta({ id: 'Reaction' });
export type ReactionView = z.infer<typeof reactionView>;

/** A message as histories show it. */
export const messageView = z
  .object({
    ...newMessageFields,
    editedAt: z.iso.datetime().nullable(),
    revision: z.number().int().describe('How often it was edited.'),
    deletedAt: z.iso.datetime().nullable(),
    reactions: z.array(reactionView),
  })
  .describe("A message. Of a deleted one the content is '' and nothing is attached.")
  .meta({ id: 'Message' });
export type MessageView = z.infer<typeof messageView>;

/** Messages come oldest first. */
export const chatJoinReply = z.object({
  messages: z.array(messageView),
  latest_seq: z.number().int().describe('The newest message of the conversation; what is newer comes as `message:new`.'),
  unread: z.number().int().describe("Messages of others that lie after the user's mark: at most 1,000 are counted."),
  truncated: z.literal(true).exactOptional().describe('Messages after `since_seq` are missing before the first one here: page back with `message:history`.'),
});
export type ChatJoinReply = z.infer<typeof chatJoinReply>;

/** What tells of a message names it by its id and, so that clients can put it in order, its `seq`. */
interface About {
  conversationId: string;
  messageId: string;
  seq: number;
}
interface Typing {
  conversationId: string;
  userId: string;
}
interface Seen {
  userId: string;
  lastSeenAt: string;
}
interface Membership {
  conversationId: string;
  userId: string;
}

export const sendPayload = z
  .object({
    conversationId: conversationId.optional(),
    type,
    content,
    replyTo: messageId.nullish().transform((id) => id ?? null),
    attachments: attachments.nullish().transform((list) => list ?? []),
    clientMessageId: clientMessageId.nullish().transform((id) => id ?? null),
  })
  .refine((message) => message.content.trim() !== '' || message.attachments.length > 0, { path: ['content'], message: 'is empty' });

const aboutMessage = z.object({ messageId });
const reaction = z.object({ messageId, emoji });
const inRoom = z.object({ conversationId: conversationId.optional() });

export const chatContract = defineChannel({
  topic: 'chat:{conversation_id}',
  join: {
    params: z.object({ since_seq: seq.optional(), limit: limit.optional() }),
    reply: chatJoinReply,
  },
  in: {
    'message:send': { payload: sendPayload, reply: z.object({ message: newMessage }) },
    'message:edit': { payload: z.object({ messageId, content: content.refine((text) => text.trim() !== '', 'is empty') }) },
    'message:delete': { payload: aboutMessage },
    'message:reaction:add': { payload: reaction },
    'message:reaction:remove': { payload: reaction },
    'message:read': { payload: aboutMessage },
    'message:history': {
      payload: z.object({ before_seq: z.number().int().min(1).optional(), limit: limit.optional() }),
      reply: z.object({ messages: z.array(messageView) }),
    },
    'typing:start': { payload: inRoom },
    'typing:stop': { payload: inRoom },
  },
  out: {
    'message:new': newMessage,
    'message:edited': z.custom<About & { content: string; editedAt: string; revision: number }>(),
    /** `reason` is there when moderation deleted it. */
    'message:deleted': z.custom<About & { userId: string; deletedAt: string; reason?: string }>(),
    'message:reaction:added': z.custom<About & { userId: string; emoji: string }>(),
    'message:reaction:removed': z.custom<About & { userId: string; emoji: string }>(),
    'message:read': z.custom<About & { userId: string }>(),
    'typing:start': z.custom<Typing>(),
    'typing:stop': z.custom<Typing>(),
    'user:online': z.custom<Seen>(),
    'user:offline': z.custom<Seen>(),
    'member:added': z.custom<Membership>(),
    'member:removed': z.custom<Membership & { reason: 'removed' }>(),
  },
  presence: z.object({ online_at: z.string() }),
});

export type SendPayload = z.output<typeof sendPayload>;
