import { join } from 'node:path';
import type { Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { mediaPart, type MediaPart } from '@armoricore/shared/jobs';
import { AppError, describeError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import type { Part, PartContext } from '../../core/index.ts';
import { partArguments, soundArguments } from '../../ffmpeg/parts.ts';
import { listPackets, probeFile } from '../../ffmpeg/probe.ts';
import { encodeWithin } from '../encode.ts';
import type { Sources } from '../fetch-source.ts';
import { judge } from '../judge.ts';
import { createPace, createProgress, percentOf, type ProgressReporter } from '../progress.ts';
import { withinQuota } from '../quota.ts';
import { saveProgress } from '../records.ts';
import type { Source } from '../source.ts';
import { findPart, removePart, storePart, type PartRecord } from './files.ts';

const SOURCE = 'media-worker';

export interface MediaPartOptions {
  db: Database;
  bus: Bus;
  storage: Storage;
  sources: Sources;
  /** Largest source, and the most disk that one part may take, in bytes. */
  maxBytes: number;
  maxScratchBytes: number;
  maxDurationS: number;
  timeLimitMs: number;
}

/**
 * Encodes a part of a long video in all its sizes, or its sound, and leaves it with the working files of the media. A part that
 * is there is not made again. The source is fetched as a whole.
 */
export function createMediaPart(options: MediaPartOptions): Part<MediaPart> {
  const { db, bus, storage, sources, maxBytes, maxScratchBytes, maxDurationS, timeLimitMs } = options;

  /** Tells the progress of the media, which is that of all its parts together. */
  function reporter({ media_id, user_id, pictures }: MediaPart, own: { done: number }, { report, log }: PartContext): ProgressReporter {
    const pace = createPace(); // Of all parts together, while this one is made.
    return createProgress({
      floor: 0,
      playable: false,
      async send() {
        const fraction = (await report(own.done)) / pictures;
        const percent = Math.round(percentOf('transcode', fraction) * 10) / 10;
        const progress = { stage: 'transcode' as const, percent, ...pace(performance.now(), percent) };
        await db.transaction(async (tx) => {
          if (!(await saveProgress(tx, { media_id, user_id }, { ...progress, playable: false }, ''))) return;
          await bus.publish(createEvent('media.progress', { media_id, user_id, ...progress }, { source: SOURCE }), { transaction: tx });
        });
      },
      onError: (error) => log.warn({ reason: describeError(error) }, 'progress could not be told'),
    });
  }

  async function make(input: MediaPart, context: PartContext, signal: AbortSignal): Promise<void> {
    const { scratchDir } = context;
    const [file, output] = [join(scratchDir, 'source'), join(scratchDir, 'made.mp4')];
    await sources.fetch(input.source, file, { maxBytes, signal });
    const { source } = judge(await probeFile(file, { signal }), { maxDurationS });
    const own = { done: 0 };
    const progress = reporter(input, own, context);
    try {
      const rate = source.video?.outputRate.value ?? 0;
      const command = commandOf(input, source);
      const { faults } = await encodeWithin(signal)({ inputs: [{ file, options: command.input }], outputOptions: command.output, output }, (seconds) => {
        if (input.work.kind === 'sound') return;
        own.done = Math.round(seconds * rate);
        progress.update('transcode', own.done / input.pictures);
      });
      const record = { packets: await countPackets(output, input, signal), faults };
      await storePart(storage, input, { file: output, record, signal });
      if (input.work.kind === 'pictures') await context.report(record.packets);
    } finally {
      await progress.close();
    }
  }

  return {
    contract: mediaPart,
    timeLimitMs,
    async run(input, context) {
      const { signal, scratchDir, log } = context;
      if ((await findPart(storage, input)) !== undefined) return;
      try {
        await withinQuota(scratchDir, maxScratchBytes, signal, (within) => make(input, context, within));
      } catch (error) {
        const isCancelled = signal.reason instanceof AppError && signal.reason.code === 'job_cancelled';
        if (isCancelled) await removePart(storage, input).catch((failed: unknown) => log.warn({ reason: describeError(failed) }, 'a part stays in the storage'));
        throw error;
      }
    },
  };
}

function commandOf({ work }: MediaPart, { video, audio }: Source): { input: string[]; output: string[] } {
  if (work.kind === 'sound') {
    if (audio === undefined) throw new AppError('media_corrupt');
    return { input: [], output: soundArguments(audio.index) };
  }
  if (video === undefined) throw new AppError('media_corrupt');
  return partArguments(video, work.rungs, work, work.preset);
}

/** Packets of each track of what was made. @throws AppError `encoder_failed` when tracks differ, or are longer than they must be */
async function countPackets(file: string, { work }: MediaPart, signal: AbortSignal): Promise<PartRecord['packets']> {
  const counts = Array.from({ length: work.kind === 'sound' ? 1 : work.rungs.length }, () => 0);
  await listPackets(
    file,
    (line) => {
      const [, index] = /^(\d+),/.exec(line) ?? [];
      if (index !== undefined) counts[Number(index)] = (counts[Number(index)] ?? 0) + 1;
    },
    { signal },
  );
  const [packets = 0] = counts;
  const most = work.kind === 'sound' || work.to === null ? Infinity : work.to - work.from;
  if (counts.some((count) => count !== packets) || packets > most) throw new AppError('encoder_failed', { packets: counts });
  return packets;
}
