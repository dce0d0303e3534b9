import { lstat } from 'node:fs/promises';
import { AppError, type ErrorCode } from '@armoricore/shared/kernel';
import { listPackets, probeFile } from '../ffmpeg/probe.ts';
import { FfmpegError } from '../ffmpeg/run.ts';
import { judge, MAX_PIXELS_IN_ALL, type Judged, type Limits } from './judge.ts';
import type { Source } from './source.ts';
import { createTimeline, type Timeline } from './timeline.ts';

/** What may be missing of a declared length: it is often rounded. The larger of the two counts. */
const TOLERANCE_S = 0.5;
const TOLERANCE_SHARE = 0.02;

/**
 * Looks into a source file before anything is made of it: at its headers, and at the times of all its packets, because headers
 * may lie.
 * @throws AppError `not_media`, `format_not_allowed`, `no_streams`, `media_truncated`, `media_corrupt`, `media_too_long`,
 *   `media_too_large`, `source_unsupported`
 */
export async function inspect(file: string, limits: Limits, { signal }: { signal: AbortSignal }): Promise<Source> {
  if (!(await lstat(file)).isFile()) throw new AppError('source_unsupported', { allowed: 'a plain file' });
  let report: unknown;
  try {
    report = await probeFile(file, { signal });
  } catch (error) {
    throw error instanceof FfmpegError ? new AppError(probeRefusal(error.stderr), {}, { cause: error }) : error;
  }
  const judged = judge(report, limits);
  const { video } = judged.source;
  const timeline = createTimeline({
    maxDurationS: limits.maxDurationS,
    chosen: chosenOf(judged.source),
    video: video === undefined ? undefined : { index: video.index, pixels: judged.pixels, maxPixelsInAll: MAX_PIXELS_IN_ALL },
    mayJump: judged.mayJump,
  });
  await listPackets(file, (line) => timeline.add(line), { signal });
  return confirm(judged, timeline);
}

/**
 * Holds what the headers say against the packets. A sound without any is left out; pictures that are declared must be there.
 * @throws AppError `media_corrupt`, `media_truncated`
 */
export function confirm({ source, declaredS }: Judged, timeline: Pick<Timeline, 'track' | 'lengthS'>): Source {
  const holds = (stream: { index: number } | undefined): boolean => stream !== undefined && timeline.track(stream.index) !== undefined;
  const { video } = source;
  const audio = holds(source.audio) ? source.audio : undefined;
  if (video === undefined ? audio === undefined : !holds(video)) throw new AppError('media_corrupt');
  if (declaredS !== undefined && isShort(timeline.lengthS(), declaredS)) {
    throw truncated(declaredS, timeline.lengthS());
  }
  return { ...source, audio, durationS: timeline.lengthS(chosenOf({ video, audio })) };
}

/** Whether a length misses more of another than rounding explains. */
export function isShort(foundS: number, wholeS: number): boolean {
  return foundS < wholeS - Math.max(TOLERANCE_S, wholeS * TOLERANCE_SHARE);
}

export function truncated(declaredS: number, foundS: number): AppError {
  return new AppError('media_truncated', { declared_ms: Math.round(declaredS * 1000), found_ms: Math.round(foundS * 1000) });
}

function chosenOf({ video, audio }: Pick<Source, 'video' | 'audio'>): number[] {
  return [video, audio].flatMap((stream) => stream?.index ?? []);
}

/** What ffprobe's messages mean for the sender of the file. */
function probeRefusal(stderr: string): ErrorCode {
  if (/not on whitelist/i.test(stderr)) return 'format_not_allowed';
  if (/max_streams|Number of streams exceeds/i.test(stderr)) return 'media_too_large';
  if (/moov atom not found|partial file/i.test(stderr)) return 'media_truncated';
  return 'not_media';
}
