import { openDatabase } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { createFileSystemStorage } from '@armoricore/shared/storage/filesystem';
import { createOpenAiTranscriber } from '../../src/adapters/transcriber-openai.ts';
import { createSileroDetector } from '../../src/adapters/voice-silero.ts';
import { createCaptionJob } from '../../src/captions/job.ts';
import type { AnyJob } from '../../src/core/index.ts';
import type { FarmPlace } from './farm.ts';

export interface CaptioningPlace extends FarmPlace {
  objects: string;
  apiUrl: string;
}

export function openObjects(root: string) {
  return createFileSystemStorage({ root, secret: 'x'.repeat(32), publicUrl: 'http://localhost', playbackUrlTtlS: 60 });
}

/** The caption job over the API and the storage of a place, as JSON. */
export function captioningFarm(place = '{}'): AnyJob {
  const { databaseUrl, objects, apiUrl } = JSON.parse(place) as CaptioningPlace;
  return createCaptionJob({
    db: openDatabase(databaseUrl, { max: 2, log: silentLog }).db,
    storage: openObjects(objects),
    transcriber: createOpenAiTranscriber({ apiKey: undefined, baseUrl: apiUrl, model: 'whisper-1', timeoutMs: 60_000 }),
    voices: createSileroDetector(),
    language: undefined,
    maxDurationS: 3_600,
    maxPerDayS: undefined,
    timeLimitMs: 60_000,
  });
}
