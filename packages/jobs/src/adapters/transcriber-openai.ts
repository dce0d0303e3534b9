import { createReadStream } from 'node:fs';
import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import { primaryOf, recognisedLanguage } from '../captions/language.ts';
import { punctuate } from '../captions/punctuate.ts';
import type { Transcriber, Transcript } from '../captions/transcriber.ts';
import { ask, openAiClient, type OpenAiOptions } from './openai-client.ts';

/** More words than anybody says in a piece of a minute or two. */
const MAX_WORDS = 2_000;

const answerSchema = z.object({
  text: z.string(),
  language: z.string().optional().catch(undefined),
  words: z.array(z.object({ word: z.string(), start: z.number(), end: z.number() })).max(MAX_WORDS).optional(),
});

/** Speech recognition by OpenAI's API or a server that speaks like it, with a model that tells the times of words. */
export function createOpenAiTranscriber(options: OpenAiOptions & { model: string; timeoutMs: number }): Transcriber {
  const { model, timeoutMs } = options;
  const client = openAiClient(options);
  return {
    name: 'openai',
    async transcribe(file, { language, signal }) {
      const answer: unknown = await ask(
        (request) =>
          client.audio.transcriptions.create(
            {
              file: createReadStream(file),
              model,
              response_format: 'verbose_json',
              timestamp_granularities: ['word'],
              ...(language === undefined ? {} : { language: primaryOf(language) }),
            },
            request,
          ),
        { timeoutMs, signal },
      );
      return transcriptOf(answer);
    },
    ready: async () => undefined,
  };
}

/** @throws AppError `service_failed` for what is no transcript with the times of its words */
function transcriptOf(answer: unknown): Transcript {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw unusable('it is not of the shape verbose_json');
  const { text, language, words = [] } = parsed.data;
  if (words.length === 0 && text.trim() !== '') throw unusable('it tells no times of words');
  const heard = words.map(({ word, start, end }) => ({ text: word, startMs: Math.round(start * 1000), endMs: Math.round(end * 1000) }));
  return { words: punctuate(heard, text), language: language === undefined ? undefined : recognisedLanguage(language) };
}

function unusable(why: string): AppError {
  return new AppError('service_failed', { service: 'openai', why });
}
