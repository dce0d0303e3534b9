import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { and, eq, ne } from 'drizzle-orm';
import type { Bus } from '@armoricore/shared/bus';
import { media, type Database, type MediaRow } from '@armoricore/shared/db';
import { createEvent, type PayloadOf } from '@armoricore/shared/events';
import { mediaTranscode } from '@armoricore/shared/jobs';
import { AppError, describeError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { defineJob, type Job, type JobContext } from '../core/index.ts';
import { publishEarly } from './early.ts';
import { DOWNLOAD_AUDIO, DOWNLOAD_VIDEO, POSTER, PREVIEW, STORYBOARD } from './extras.ts';
import type { Sources } from './fetch-source.ts';
import { inspect } from './inspect.ts';
import { MASTER_PLAYLIST } from './package-hls.ts';
import { encodeByParts } from './parts/by-parts.ts';
import { nearestSource, removeWork } from './parts/files.ts';
import { createProgress, type ProgressReporter } from './progress.ts';
import { withinQuota } from './quota.ts';
import { claimMedia, madeMedia, readyPayload, saveFailed, saveProgress, saveReady, type MadeMedia } from './records.ts';
import type { Source } from './source.ts';
import { HLS_DIR, transcode, type Encoding, type Recipe, type Transcoded } from './transcode.ts';
import { uploadAll } from './upload.ts';

const SOURCE = 'media-worker';
/** Checkpoint after the upload: what was made. With it nothing is made twice. */
const MADE = 'made';

export interface MediaJobOptions {
  db: Database;
  bus: Bus;
  storage: Storage;
  sources: Sources;
  recipe: Recipe;
  /** Media of two such lengths or more are encoded in parts, in s. */
  partS: number;
  /** Largest source, and the most disk that one job may take, in bytes. */
  maxBytes: number;
  maxScratchBytes: number;
  timeLimitMs: number;
}

type Input = PayloadOf<'media.uploaded'>;

/** Turns an uploaded file into adaptive HLS under `media/<media_id>/` of the storage. A media that is ready is left alone. */
export function createMediaJob(options: MediaJobOptions): Job<Input, MadeMedia | 'ready before'> {
  const { db, bus, storage, sources, recipe, partS, maxBytes, maxScratchBytes, timeLimitMs } = options;

  function reporter(input: Input, row: MediaRow, context: JobContext): ProgressReporter {
    const { media_id, user_id } = input;
    const hlsKey = hlsKeyOf(input);
    const hls = storage.playbackUrl(hlsKey, { public: row.public });
    return createProgress({
      floor: row.percent,
      playable: row.playableAt !== null,
      async send({ playable, ...progress }) {
        await db.transaction(async (tx) => {
          if (!(await saveProgress(tx, input, { playable, ...progress }, hlsKey))) return;
          const payload = { media_id, user_id, ...progress, ...(playable ? { playable, playback_urls: { hls } } : {}) };
          await bus.publish(createEvent('media.progress', payload, { source: SOURCE }), { transaction: tx });
        });
        await context.progress(progress.percent);
      },
      onError: (error) => context.log.warn({ reason: describeError(error) }, 'progress could not be told'),
    });
  }

  async function make(input: Input, key: string, progress: ProgressReporter, context: JobContext, signal: AbortSignal): Promise<MadeMedia> {
    const { scratchDir, log } = context;
    const file = join(scratchDir, 'source');
    const output = join(scratchDir, 'output');
    const prefix = `media/${input.media_id}`;
    await mkdir(output);

    progress.update('probe', 0);
    await sources.fetch(await nearestSource(storage, input.media_id, key), file, { maxBytes, signal });
    const source = await inspect(file, recipe, { signal });
    const onError = (error: unknown): void => log.warn({ reason: describeError(error) }, 'the media could not be made playable early');
    const early = { storage, prefix: `${prefix}/${HLS_DIR}`, signal, onPlayable: () => progress.playable(), onError };
    const shared = { ...input, storage, recipe, partS, file, reference: key, source, dir: join(scratchDir, 'parts'), signal };
    const byParts = (encoding: Encoding) => encodeByParts(encoding, { ...shared, handOut: context.handOut });
    const made = await transcode(file, source, output, { recipe, signal, progress, watch: (encoding) => publishEarly(encoding, early), byParts });

    progress.update('upload', 0);
    await uploadAll(storage, output, prefix, { signal, onFraction: (done) => progress.update('upload', done) });
    progress.update('publish', 0);
    const result = madeOf(prefix, source, made, recipe);
    // Without it a crash before the outcome costs the work once more, but the outcome may still come.
    await context.checkpoint.save(MADE, result).catch((error: unknown) => log.warn({ reason: describeError(error) }, 'no checkpoint was saved'));
    return result;
  }

  async function makeWithin(input: Input, key: string, progress: ProgressReporter, context: JobContext): Promise<MadeMedia> {
    const { signal, scratchDir, log } = context;
    try {
      return await withinQuota(scratchDir, maxScratchBytes, signal, (within) => make(input, key, progress, context, within));
    } catch (error) {
      await progress.close();
      // A run that has to leave this process leaves its part: the run that follows writes the same names.
      if (!signal.aborted || signal.reason instanceof AppError) await removePartial(input, log);
      throw error;
    }
  }

  async function removePartial({ media_id }: Input, log: JobContext['log']): Promise<void> {
    try {
      const [row] = await db.select({ state: media.state }).from(media).where(eq(media.id, media_id));
      if (row?.state === 'ready') return;
      await db.update(media).set({ playableAt: null }).where(and(eq(media.id, media_id), ne(media.state, 'ready')));
      await storage.delete(`media/${media_id}`); // Finished parts stay: another try may make use of them.
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'part of an upload stays in the storage');
    }
  }

  return defineJob(mediaTranscode, {
    timeLimitMs,
    source: SOURCE,
    async run(input, context) {
      const key = sources.refer(input.file_path);
      const row = await claimMedia(db, input, key);
      if (row.state === 'ready') return 'ready before';
      const made = madeMedia.safeParse(await context.checkpoint.load(MADE));
      if (made.success) return made.data;
      const progress = reporter(input, row, context);
      try {
        return await makeWithin(input, key, progress, context);
      } finally {
        await progress.close();
      }
    },
    async done(tx, input, result) {
      if (result !== 'ready before') await saveReady(tx, input, result);
      return readyPayload(tx, storage, input);
    },
    async failed(tx, input, error) {
      await saveFailed(tx, input, error);
      const { media_id, user_id } = input;
      return { media_id, user_id, reason: error.code, message: error.message } satisfies PayloadOf<'media.failed'>;
    },
    cleanUp: ({ media_id }) => removeWork(storage, media_id),
  });
}

function hlsKeyOf({ media_id }: Input): string {
  return `media/${media_id}/${HLS_DIR}/${MASTER_PLAYLIST}`;
}

function madeOf(prefix: string, { info }: Source, made: Transcoded, { downloads }: Recipe): MadeMedia {
  const key = (name: string, there: boolean): string | null => (there ? `${prefix}/${name}` : null);
  return {
    hlsKey: `${prefix}/${HLS_DIR}/${MASTER_PLAYLIST}`,
    posterKey: key(POSTER, made.hasPictures),
    storyboardKey: key(STORYBOARD, made.hasPictures),
    previewKey: key(PREVIEW, made.hasPictures),
    mp4Key: key(DOWNLOAD_VIDEO, made.hasPictures && downloads.video),
    audioKey: key(DOWNLOAD_AUDIO, made.audioS !== undefined && downloads.audio),
    durationMs: Math.round((made.videoS ?? made.audioS ?? 0) * 1000),
    renditions: made.renditions,
    info: made.faults === 0 ? info : { ...info, faults: made.faults },
  };
}
