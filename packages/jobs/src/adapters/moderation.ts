import { readFile } from 'node:fs/promises';
import { ConfigError, type ConfigOf, type moderationConfig, type openaiConfig } from '@armoricore/shared/config';
import { createBreaker, describeError, type Breaker } from '@armoricore/shared/kernel';
import type { Metrics } from '@armoricore/shared/ops';
import type { AnyJob } from '../core/index.ts';
import { createModerationJob } from '../moderation/job.ts';
import type { Moderator } from '../moderation/moderator.ts';
import { createWordList, wordEntries } from '../moderation/word-list.ts';
import { createOpenAiModerator } from './moderator-openai.ts';

export interface ModerationOptions {
  config: ConfigOf<{ moderation: typeof moderationConfig }>['moderation'];
  openai: ConfigOf<{ openai: typeof openaiConfig }>['openai'];
  metrics: Metrics;
}

/**
 * Puts the parts of moderation together; without a moderator there is no job, and messages are not looked at.
 * @throws ConfigError when what the configuration wants is missing
 */
export async function openModeration({ config, openai, metrics }: ModerationOptions): Promise<{ jobs: AnyJob[]; breakers: Breaker[] }> {
  if (config.MODERATION === 'off') return { jobs: [], breakers: [] };
  const breaker = createBreaker('moderation');
  const moderators: Moderator[] = [];
  if (config.MODERATION !== 'openai') moderators.push(createWordList(await readEntries(config)));
  if (config.MODERATION !== 'words') moderators.push(withBreaker(openApi(config, openai), breaker));
  const observe = metrics.counter({ name: 'moderation_checks_total', help: 'Looks at chat messages, by who looked and what came of it.', labels: ['moderator', 'outcome'] });
  return { jobs: [createModerationJob({ moderators, observe })], breakers: config.MODERATION === 'words' ? [] : [breaker] };
}

async function readEntries({ MODERATION_WORDS: words, MODERATION_WORDS_FILE: file }: ModerationOptions['config']): Promise<string[]> {
  if (words === undefined && file === undefined) throw new ConfigError(['MODERATION_WORDS: is not set; needed: it or MODERATION_WORDS_FILE, as MODERATION wants a list']);
  if (file === undefined) return wordEntries(words, undefined);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError([`MODERATION_WORDS_FILE: is ${JSON.stringify(file)}; needed: a file that can be read (${describeError(cause)})`]);
  });
  return wordEntries(words, text);
}

function openApi(config: ModerationOptions['config'], { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl }: ModerationOptions['openai']): Moderator {
  if (apiKey === undefined && baseUrl === undefined) throw new ConfigError(['OPENAI_API_KEY: is not set; needed: it or OPENAI_BASE_URL, as MODERATION wants the API']);
  return createOpenAiModerator({ apiKey, baseUrl, model: config.MODERATION_MODEL, timeoutMs: config.MODERATION_TIMEOUT_MS });
}

function withBreaker(moderator: Moderator, breaker: Breaker): Moderator {
  return { ...moderator, check: (text, options) => breaker.execute(() => moderator.check(text, options)) };
}
