import type { z } from 'zod';
import { eventDefinition, type PayloadOf } from '../events/index.ts';
import type { JobContract } from './contract.ts';

export const moderationCheck: JobContract<'moderation.check', PayloadOf<'chat.message'>> = {
  name: 'moderation.check',
  queue: 'moderation',
  trigger: 'chat.message',
  group: 'moderation-jobs',
  input: eventDefinition('chat.message').payload as z.ZodType<PayloadOf<'chat.message'>>,
  results: { done: 'moderation.verdict', failed: 'moderation.failed' },
  attempts: 6,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
};
