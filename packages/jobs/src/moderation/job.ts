import { moderationCheck } from '@armoricore/shared/jobs';
import type { PayloadOf } from '@armoricore/shared/events';
import { defineJob, type Job } from '../core/index.ts';
import type { Moderator } from './moderator.ts';

const TIME_LIMIT_MS = 90_000;

type Message = PayloadOf<'chat.message'>;
type Verdict = PayloadOf<'moderation.verdict'>;

/** Told of every look at a message; must not throw. */
export type ObserveModeration = (occurrence: { moderator: Moderator['name']; outcome: 'clean' | 'flagged' | 'failed' }) => void;

/**
 * Has a chat message looked at by one moderator after the other, until one flags it. A message that nobody could look at stays: a
 * service that is away must not silence people. It is looked at again for some minutes, and `observe` is told of each failure.
 */
export function createModerationJob({ moderators, observe }: { moderators: readonly Moderator[]; observe: ObserveModeration }): Job<Message, Verdict> {
  return defineJob(moderationCheck, {
    timeLimitMs: TIME_LIMIT_MS,
    source: 'moderation-worker',
    async run(message, { signal }) {
      const about = aboutOf(message);
      if (message.content.trim() === '') return { ...about, flagged: false, reason: null, categories: [] };
      for (const moderator of moderators) {
        const { name } = moderator;
        const { flagged, categories } = await moderator.check(message.content, { signal }).catch((error: unknown) => {
          observe({ moderator: name, outcome: 'failed' });
          throw error;
        });
        observe({ moderator: name, outcome: flagged ? 'flagged' : 'clean' });
        if (flagged) return { ...about, flagged, reason: name, categories };
      }
      return { ...about, flagged: false, reason: null, categories: [] };
    },
    done: async (_tx, _message, verdict) => verdict,
    failed: async (_tx, message, { code, message: text }) => ({ ...aboutOf(message), reason: code, message: text }),
  });
}

function aboutOf({ id, conversationId }: Message): { message_id: string; conversation_id: string } {
  return { message_id: id, conversation_id: conversationId };
}
