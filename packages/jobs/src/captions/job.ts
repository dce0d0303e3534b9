import { join } from 'node:path';
import type { Database } from '@armoricore/shared/db';
import type { PayloadOf } from '@armoricore/shared/events';
import { captionTranscribe } from '@armoricore/shared/jobs';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { defineJob, type Job, type JobContext } from '../core/index.ts';
import { cutLongSpeech, planChunks, type Chunk } from './chunks.ts';
import { toCues } from './cues.ts';
import { hear } from './hear.ts';
import { languageOf, UNKNOWN } from './language.ts';
import { decodeSound, type Pcm } from './pcm.ts';
import { publishCaptions, removeCaptions } from './publish.ts';
import { completePayload, findReady, reserveUse, type ReadyMedia } from './records.ts';
import { fetchJoined, readHls, type StoredHls } from './stored.ts';
import type { Transcriber, VoiceDetector } from './transcriber.ts';
import { dropLoops } from './words.ts';

export const SOURCE = 'caption-worker';
/** What is recognised in one go is about a minute, and far below the 25 MB that services take: 10 minutes would be 19 MB. */
const TARGET_MS = 60_000;
const LONGEST_PAUSE_MS = 2_000;
const MARGIN_MS = 250;
/** Where the parts of a run begin, in percent: decoding, listening for voices, recognising, publishing. */
const BEGINS = { decode: 5, voices: 8, words: 15, publish: 95 };

export interface CaptionJobOptions {
  db: Database;
  storage: Storage;
  transcriber: Transcriber;
  voices: VoiceDetector;
  /** What is spoken when nobody says. */
  language: string | undefined;
  maxDurationS: number;
  /** Of one user. */
  maxPerDayS: number | undefined;
  timeLimitMs: number;
}

type Input = PayloadOf<'transcription.requested'>;

/**
 * Captions a media that is ready: listens to its sound for voices, has what is said recognised, and adds WebVTT, SubRip and a subtitle
 * rendition to it. Captions of the same language are replaced, others stay. Where nobody speaks there are none.
 */
export function createCaptionJob({ db, storage, transcriber, voices, maxDurationS, maxPerDayS, timeLimitMs, ...defaults }: CaptionJobOptions): Job<Input, void> {
  async function chunksOf(pcm: Pcm, signal: AbortSignal): Promise<Chunk[]> {
    const speech = await voices.detect(pcm.stream(signal));
    const cut = await cutLongSpeech(speech, TARGET_MS, pcm.quietest);
    return planChunks(cut, { targetMs: TARGET_MS, longestPauseMs: LONGEST_PAUSE_MS, marginMs: MARGIN_MS, durationMs: pcm.durationMs });
  }

  async function soundOf({ sound }: StoredHls, { scratchDir, signal }: JobContext): Promise<Pcm> {
    const file = join(scratchDir, 'sound');
    await fetchJoined(storage, sound, file, signal);
    return decodeSound(file, join(scratchDir, 'samples'), { maxDurationS, signal });
  }

  async function caption(input: Input, row: ReadyMedia, stored: StoredHls, context: JobContext): Promise<void> {
    const { signal, jobId } = context;
    const asked = input.language ?? defaults.language;
    const language = asked === undefined ? undefined : languageOf(asked);
    const pcm = await soundOf(stored, context);
    await context.progress(BEGINS.voices);
    const chunks = await chunksOf(pcm, signal);
    await reserveUse(db, { jobId, userId: row.userId, speechMs: lengthOf(chunks) }, maxPerDayS === undefined ? undefined : maxPerDayS * 1000);
    const onFraction = (done: number): Promise<void> => context.progress(BEGINS.words + (BEGINS.publish - BEGINS.words) * done);
    const heard = await hear(chunks, { transcriber, pcm, language, context, onFraction });
    const spoken = heard.language ?? UNKNOWN;
    const cues = toCues(dropLoops(heard.words), spoken);
    const publication = { db, storage, row, signal };
    if (cues.length === 0) return language === undefined ? undefined : await removeCaptions(publication, language);
    await publishCaptions(publication, { language: spoken, formats: input.formats, cues, durations: stored.durations });
  }

  return defineJob(captionTranscribe, {
    timeLimitMs,
    source: SOURCE,
    async run(input, context) {
      const row = await findReady(db, input);
      const durationS = (row.durationMs ?? 0) / 1000;
      if (durationS > maxDurationS) throw new AppError('media_too_long', { duration_s: Math.round(durationS), allowed_s: maxDurationS });
      await transcriber.ready();
      const stored = await readHls(storage, row.hlsKey);
      await context.progress(BEGINS.decode);
      if (stored.sound.length > 0) await caption(input, row, stored, context);
    },
    done: (tx, { media_id }) => completePayload(tx, storage, media_id),
    async failed(_tx, { media_id, user_id }, { code, message }) {
      const owner = user_id === undefined ? {} : { user_id };
      return { media_id, ...owner, reason: code, message } satisfies PayloadOf<'transcription.failed'>;
    },
  });
}

function lengthOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}
