import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { errorCode, id } from './fields.ts';

/** Who may find something wrong with a message: the word list, or the moderation API. */
export const MODERATORS = ['words', 'openai'] as const;

export const moderationVerdict = defineEvent('moderation.verdict', {
  doc: 'A chat message was looked at; one that is flagged is deleted.',
  payload: z.object({
    message_id: id,
    conversation_id: id,
    flagged: z.boolean(),
    /** Who flagged it; null when nobody did. */
    reason: z.enum(MODERATORS).nullable(),
    /** Of the API, like `harassment`. */
    categories: z.array(z.string().max(64)).max(32),
  }),
  key: ({ conversation_id }) => conversation_id,
  from: ['moderation-worker'],
});

export const moderationFailed = defineEvent('moderation.failed', {
  doc: 'A chat message could not be looked at and stays.',
  payload: z.object({ message_id: id, conversation_id: id, reason: errorCode, message: z.string() }),
  key: ({ conversation_id }) => conversation_id,
  from: ['moderation-worker'],
});
