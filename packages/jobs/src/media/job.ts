import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import type { Bus } from '@armoricore/shared/bus';
import { media, type Database } from '@armoricore/shared/db';
import { createEvent, type PayloadOf } from '@armoricore/shared/events';
import { mediaTranscode } from '@armoricore/shared/jobs';
import { describeError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { defineJob, type Job, type JobContext } from '../core/index.ts';
import { fetchSource, sourceKey } from './fetch-source.ts';
import { inspect } from './inspect.ts';
import { MASTER_PLAYLIST } from './package-hls.ts';
import { createProgress, type ProgressReporter } from './progress.ts';
import { claimMedia, readyPayload, saveFailed, saveProgress, saveReady, type MadeMedia } from './records.ts';
import { HLS_DIR, POSTER, transcode } from './transcode.ts';
import { uploadAll } from './upload.ts';

const SOURCE = 'media-worker';

export interface MediaJobOptions {
  db: Database;
  bus: Bus;
  storage: Storage;
  /** x264 preset. */
  preset: string;
  maxDurationS: number;
  maxBytes: number;
  timeLimitMs: number;
}

type Input = PayloadOf<'media.uploaded'>;

/** Turns an uploaded file into adaptive HLS under `media/<media_id>/` of the storage. A media that is ready is left alone. */
export function createMediaJob(options: MediaJobOptions): Job<Input, MadeMedia | 'ready before'> {
  const { db, bus, storage, timeLimitMs } = options;

  function reporter(input: Input, floor: number, context: JobContext): ProgressReporter {
    return createProgress({
      floor,
      async send(progress) {
        await db.transaction(async (tx) => {
          if (!(await saveProgress(tx, input, progress))) return;
          const payload = { media_id: input.media_id, user_id: input.user_id, ...progress };
          await bus.publish(createEvent('media.progress', payload, { source: SOURCE }), { transaction: tx });
        });
        await context.progress(progress.percent);
      },
      onError: (error) => context.log.warn({ reason: describeError(error) }, 'progress could not be told'),
    });
  }

  async function make(input: Input, key: string, progress: ProgressReporter, context: JobContext): Promise<MadeMedia> {
    const { signal, scratchDir, log } = context;
    const { preset, maxDurationS, maxBytes } = options;
    const file = join(scratchDir, 'source');
    const output = join(scratchDir, 'output');
    await mkdir(output);

    progress.update('probe', 0);
    await fetchSource(storage, key, file, { maxBytes, signal });
    const source = await inspect(file, { maxDurationS }, { signal });
    const made = await transcode(file, source, output, { preset, maxDurationS, signal, progress });

    progress.update('upload', 0);
    const prefix = `media/${input.media_id}`;
    try {
      await uploadAll(storage, output, prefix, { signal, onFraction: (done) => progress.update('upload', done) });
    } catch (error) {
      if (!signal.aborted) await removePartial(input.media_id, prefix, log);
      throw error;
    }
    progress.update('publish', 0);
    return {
      hlsKey: `${prefix}/${HLS_DIR}/${MASTER_PLAYLIST}`,
      posterKey: made.hasPoster ? `${prefix}/${POSTER}` : null,
      durationMs: Math.round((made.videoS ?? made.audioS ?? 0) * 1000),
      renditions: made.renditions,
    };
  }

  /** An aborted run leaves its part: the run that follows writes the same names. */
  async function removePartial(mediaId: string, prefix: string, log: JobContext['log']): Promise<void> {
    try {
      const [row] = await db.select({ state: media.state }).from(media).where(eq(media.id, mediaId));
      if (row?.state === 'ready') return;
      await storage.delete(`${prefix}/${HLS_DIR}`);
      await storage.delete(`${prefix}/${POSTER}`);
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'part of an upload stays in the storage');
    }
  }

  return defineJob(mediaTranscode, {
    timeLimitMs,
    source: SOURCE,
    async run(input, context) {
      const key = sourceKey(input.file_path);
      const row = await claimMedia(db, input, key);
      if (row.state === 'ready') return 'ready before';
      const progress = reporter(input, row.percent, context);
      try {
        return await make(input, key, progress, context);
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
  });
}
