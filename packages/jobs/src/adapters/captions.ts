import type { Bus } from '@armoricore/shared/bus';
import type { captionConfig, ConfigOf, openaiConfig } from '@armoricore/shared/config';
import type { Database } from '@armoricore/shared/db';
import { createBreaker, type Breaker, type Service } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { createAutoCaptions } from '../captions/auto.ts';
import { createCaptionJob } from '../captions/job.ts';
import type { Transcriber } from '../captions/transcriber.ts';
import type { AnyJob } from '../core/index.ts';
import { createOpenAiTranscriber } from './transcriber-openai.ts';
import { createPocketsphinxTranscriber } from './transcriber-pocketsphinx.ts';
import { createSileroDetector } from './voice-silero.ts';

export interface CaptionOptions {
  db: Database;
  bus: Bus;
  storage: Storage;
  config: ConfigOf<{ captions: typeof captionConfig }>['captions'];
  openai: ConfigOf<{ openai: typeof openaiConfig }>['openai'];
}

/** Puts the parts of captions together. Without them the rest works on: they are `degraded` when they cannot be made. */
export function openCaptions({ db, bus, storage, config, openai }: CaptionOptions): { jobs: AnyJob[]; services: Service[]; breaker: Breaker } {
  const breaker = createBreaker('captions');
  const transcriber = withBreaker(openTranscriber(config, openai), breaker);
  const job = createCaptionJob({
    db,
    storage,
    transcriber,
    voices: createSileroDetector(),
    language: config.CAPTION_LANGUAGE,
    maxDurationS: config.CAPTION_MAX_DURATION_S,
    maxPerDayS: config.CAPTION_MAX_PER_DAY_S,
    timeLimitMs: config.CAPTION_TIME_LIMIT_S * 1000,
  });
  const readiness: Service = { name: breaker.name, ready: () => transcriber.ready() };
  return { jobs: [job], services: [readiness, ...(config.CAPTIONS_AUTO ? [createAutoCaptions({ bus, db })] : [])], breaker };
}

/** The API when there is a key or an address for it, else what runs on this machine. */
function openTranscriber(config: CaptionOptions['config'], { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl }: CaptionOptions['openai']): Transcriber {
  const timeoutMs = config.CAPTION_TIMEOUT_S * 1000;
  if (apiKey === undefined && baseUrl === undefined) return createPocketsphinxTranscriber({ timeoutMs });
  return createOpenAiTranscriber({ apiKey, baseUrl, model: config.CAPTION_MODEL, timeoutMs });
}

function withBreaker(transcriber: Transcriber, breaker: Breaker): Transcriber {
  return { ...transcriber, transcribe: (file, options) => breaker.execute(() => transcriber.transcribe(file, options)) };
}
