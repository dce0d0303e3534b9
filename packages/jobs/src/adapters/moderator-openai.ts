import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { Moderator } from '../moderation/moderator.ts';
import { ask, openAiClient, type OpenAiOptions } from './openai-client.ts';

const answerSchema = z.object({
  results: z.array(z.object({ flagged: z.boolean(), categories: z.record(z.string(), z.boolean().nullable()) })).min(1),
});
const MAX_CATEGORIES = 32;
const MAX_CATEGORY = 64;

/** OpenAI's moderation API, or a server that speaks like it. */
export function createOpenAiModerator(options: OpenAiOptions & { model: string; timeoutMs: number }): Moderator {
  const { model, timeoutMs } = options;
  const client = openAiClient(options);
  return {
    name: 'openai',
    async check(text, { signal }) {
      const answer: unknown = await ask((request) => client.moderations.create({ model, input: text }, request), { timeoutMs, signal });
      const parsed = answerSchema.safeParse(answer);
      if (!parsed.success) throw new AppError('service_failed', { service: 'openai', why: 'it is no list of results' });
      const { results } = parsed.data;
      const named = results.flatMap(({ categories }) => Object.entries(categories).flatMap(([name, is]) => (is === true ? [name.slice(0, MAX_CATEGORY)] : [])));
      return { flagged: results.some(({ flagged }) => flagged), categories: [...new Set(named)].slice(0, MAX_CATEGORIES) };
    },
  };
}
