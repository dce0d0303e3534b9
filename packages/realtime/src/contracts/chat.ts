import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { attachments, clientMessageId, content, conversationId, emoji, messageId } from './chat-fields.ts';

/** Messages of one reply: what a client gets when it does not say, and the most. */
export const DEFAULT_PAGE = 50;
export const LARGEST_PAGE = 200;

const seq = z.number().int().min(0);
const limit = z.number().int().min(1).max(LARGEST_PAGE);
const type = z.enum(['text', 'image', 'video', 'audio', 'file']);

/** A message as `message:new` and the reply to `message:send` show it. */
export interface NewMessage {
  id: string;
  /** 1, 2, 3 … in each conversation. */
  seq: number;
  conversationId: string;
  senderId: string;
  type: z.infer<typeof type>;
  content: string;
  replyTo: string | null;
  attachments: Record<string, unknown>[];
  clientMessageId: string | null;
  createdAt: string;
}

/** A message as histories show it. Of a deleted one the content is '' and nothing is attached. */
export interface MessageView extends NewMessage {
  editedAt: string | null;
  /** How often it was edited. */
  revision: number;
  deletedAt: string | null;
  reactions: ReactionView[];
}

export interface ReactionView {
  emoji: string;
  count: number;
  /** The first 50 who reacted so. */
  userIds: string[];
  /** Whether the reader is one of all. */
  mine: boolean;
}

export interface ChatJoinReply {
  /** Oldest first. */
  messages: MessageView[];
  /** The newest message of the conversation; what is newer comes as `message:new`. */
  latest_seq: number;
  /** Messages of others that lie after the user's mark: at most 1,000 are counted. */
  unread: number;
  /** Messages after `since_seq` are missing before the first one here: page back with `message:history`. */
  truncated?: true;
}

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
    reply: z.custom<ChatJoinReply>(),
  },
  in: {
    'message:send': { payload: sendPayload, reply: z.custom<{ message: NewMessage }>() },
    'message:edit': { payload: z.object({ messageId, content: content.refine((text) => text.trim() !== '', 'is empty') }) },
    'message:delete': { payload: aboutMessage },
    'message:reaction:add': { payload: reaction },
    'message:reaction:remove': { payload: reaction },
    'message:read': { payload: aboutMessage },
    'message:history': {
      payload: z.object({ before_seq: z.number().int().min(1).optional(), limit: limit.optional() }),
      reply: z.custom<{ messages: MessageView[] }>(),
    },
    'typing:start': { payload: inRoom },
    'typing:stop': { payload: inRoom },
  },
  out: {
    'message:new': z.custom<NewMessage>(),
    'message:edited': z.custom<About & { content: string; editedAt: string; revision: number }>(),
    'message:deleted': z.custom<About & { userId: string; deletedAt: string }>(),
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
