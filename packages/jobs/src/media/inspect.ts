import { z } from 'zod';
import { AppError, type ErrorCode } from '@armoricore/shared/kernel';
import { FfmpegError } from '../ffmpeg/run.ts';
import { probeFile } from '../ffmpeg/probe.ts';
import { MAX_PIXELS } from '../ffmpeg/safety.ts';
import { outputFrameRate } from './frame-rate.ts';
import type { Source, VideoSource } from './source.ts';

/** Most pixels in all that are decoded for one media: four hours of 2160p60. */
const MAX_PIXELS_IN_ALL = 3840 * 2160 * 60 * 4 * 3600;
/** Containers that hold their length; in others ffprobe estimates it from the bit rate. */
const DECLARING = /^(mov|matroska|avi|flv|wav|flac|asf)/;
const HDR_TRANSFERS = ['smpte2084', 'arib-std-b67'];

const number = z.coerce.number().finite();
const streamSchema = z.object({
  index: z.number().int().min(0),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  sample_aspect_ratio: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  bit_rate: number.optional().catch(undefined),
  duration: number.optional().catch(undefined),
  field_order: z.string().optional(),
  color_transfer: z.string().optional(),
  disposition: z.object({ attached_pic: z.number().optional(), default: z.number().optional() }).optional(),
  side_data_list: z.array(z.looseObject({ rotation: number.optional().catch(undefined) })).optional(),
});
const reportSchema = z.object({
  format: z.object({
    format_name: z.string().default(''),
    duration: number.optional().catch(undefined),
    bit_rate: number.optional().catch(undefined),
  }),
  streams: z.array(streamSchema).default([]),
});
type Report = z.infer<typeof reportSchema>;
type Stream = z.infer<typeof streamSchema>;

export interface Limits {
  maxDurationS: number;
}

/**
 * Looks into a source file before anything is made of it.
 * @throws AppError `not_media`, `format_not_allowed`, `no_streams`, `media_truncated`, `media_corrupt`, `media_too_long`,
 *   `media_too_large`
 */
export async function inspect(file: string, limits: Limits, { signal }: { signal: AbortSignal }): Promise<Source> {
  let report: unknown;
  try {
    report = await probeFile(file, { signal });
  } catch (error) {
    throw error instanceof FfmpegError ? new AppError(probeRefusal(error.stderr), {}, { cause: error }) : error;
  }
  return judge(report, limits);
}

/** Reads ffprobe's report and refuses what is not allowed. Errors: as `inspect`. */
export function judge(input: unknown, { maxDurationS }: Limits): Source {
  const parsed = reportSchema.safeParse(input);
  if (!parsed.success) throw new AppError('media_corrupt', {}, { cause: parsed.error });
  const report = parsed.data;
  const { duration, format_name } = report.format;
  if (duration !== undefined && duration > maxDurationS) {
    throw new AppError('media_too_long', { duration_s: Math.round(duration), allowed_s: maxDurationS });
  }
  const video = chosen(report.streams, (stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1);
  const audio = chosen(report.streams, ({ codec_type, codec_name }) => codec_type === 'audio' && codec_name !== undefined);
  if (video === undefined && audio === undefined) throw new AppError('no_streams');
  const streamDurations = [video, audio].flatMap((stream) => stream?.duration ?? []);
  return {
    durationS: streamDurations.length > 0 ? Math.max(...streamDurations) : duration,
    durationDeclared: DECLARING.test(format_name),
    video: video === undefined ? undefined : videoSource(video, report, maxDurationS),
    audio: audio === undefined ? undefined : { index: audio.index },
  };
}

/** The stream that players would choose: the first that is marked as default, else the first. */
function chosen(streams: readonly Stream[], isWanted: (stream: Stream) => boolean): Stream | undefined {
  const wanted = streams.filter(isWanted);
  return wanted.find((stream) => stream.disposition?.default === 1) ?? wanted[0];
}

function videoSource(stream: Stream, report: Report, maxDurationS: number): VideoSource {
  const { width = 0, height = 0 } = stream;
  if (stream.codec_name === undefined || width < 2 || height < 2) throw new AppError('media_corrupt');
  const outputRate = outputFrameRate(stream.avg_frame_rate, stream.r_frame_rate);
  const pixels = width * height;
  if (pixels > MAX_PIXELS) throw new AppError('media_too_large', { width, height, allowed_pixels: MAX_PIXELS });
  if (pixels * outputRate.value * (report.format.duration ?? Math.min(maxDurationS, 60)) > MAX_PIXELS_IN_ALL) {
    throw new AppError('media_too_large', { width, height, frame_rate: outputRate.value });
  }
  return {
    index: stream.index,
    ...shownSize(stream, width, height),
    bitrate: stream.bit_rate ?? report.format.bit_rate,
    outputRate,
    hdr: HDR_TRANSFERS.includes(stream.color_transfer ?? ''),
    interlaced: ['tt', 'bb', 'tb', 'bt'].includes(stream.field_order ?? ''),
  };
}

/** The size as shown: pixels made square by shrinking the longer of their sides, then turned (ffprobe tells the size before). */
function shownSize(stream: Stream, width: number, height: number): { width: number; height: number } {
  const [over = 1, under = 1] = (stream.sample_aspect_ratio ?? '1:1').split(':').map(Number);
  const aspect = over > 0 && under > 0 ? over / under : 1;
  const square = aspect >= 1 ? { width, height: Math.round(height / aspect) } : { width: Math.round(width * aspect), height };
  const rotation = stream.side_data_list?.find((entry) => entry.rotation !== undefined)?.rotation ?? 0;
  const turned = Math.abs(Math.round(rotation / 90)) % 2 === 1;
  return turned ? { width: square.height, height: square.width } : square;
}

/** What ffprobe's messages mean for the sender of the file. */
function probeRefusal(stderr: string): ErrorCode {
  if (/not on whitelist/i.test(stderr)) return 'format_not_allowed';
  if (/max_streams|Number of streams exceeds/i.test(stderr)) return 'media_too_large';
  if (/moov atom not found|partial file/i.test(stderr)) return 'media_truncated';
  return 'not_media';
}
