import { AppError } from '@armoricore/shared/kernel';
import { MAX_PIXELS } from '../ffmpeg/safety.ts';
import { outputFrameRate } from './frame-rate.ts';
import { mediaInfo } from './media-info.ts';
import { reportSchema, rotationOf, type Report, type ReportStream } from './report.ts';
import type { Source, VideoSource } from './source.ts';

/** Most pixels in all that are decoded for one media: four hours of 2160p60. */
export const MAX_PIXELS_IN_ALL = 3840 * 2160 * 60 * 4 * 3600;
/** Containers that hold their length; in others ffprobe estimates it from the bit rate. */
const DECLARING = /^(mov|matroska|avi|flv|wav|flac|asf)/;
/** Containers whose clock may jump. */
const JUMPING = /^(mpegts|mpeg)/;
/** How many bits H.264 needs for one of these codecs'. */
const H264_SHARE: Record<string, number> = { hevc: 1.6, vp9: 1.6, av1: 2.2 };

export interface Limits {
  maxDurationS: number;
}

/** What a file's headers say. */
export interface Judged {
  source: Source;
  /** The length that the container declares, in s; undefined when it is only an estimate. */
  declaredS: number | undefined;
  /** Pixels of a picture as stored. */
  pixels: number;
  mayJump: boolean;
}

/**
 * Reads ffprobe's report and refuses what is not allowed.
 * @throws AppError `no_streams`, `media_corrupt`, `media_too_long`, `media_too_large`
 */
export function judge(input: unknown, { maxDurationS }: Limits): Judged {
  const parsed = reportSchema.safeParse(input);
  if (!parsed.success) throw new AppError('media_corrupt', {}, { cause: parsed.error });
  const report = parsed.data;
  const { format_name } = report.format;
  const mayJump = JUMPING.test(format_name);
  // By such a clock ffprobe tells the way from the first time to the last, whatever lies between.
  const duration = mayJump ? undefined : report.format.duration;
  if (duration !== undefined && duration > maxDurationS) {
    throw new AppError('media_too_long', { duration_s: Math.round(duration), allowed_s: maxDurationS });
  }
  const video = chosen(report.streams, (stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1);
  const audio = chosen(report.streams, ({ codec_type, codec_name }) => codec_type === 'audio' && codec_name !== undefined);
  if (video === undefined && audio === undefined) throw new AppError('no_streams');
  const streamDurations = mayJump ? [] : [video, audio].flatMap((stream) => stream?.duration ?? []);
  const durationS = streamDurations.length > 0 ? Math.max(...streamDurations) : duration;
  const seen = video === undefined ? undefined : videoSource(video, report, duration ?? Math.min(maxDurationS, 60));
  const shown = video === undefined || seen === undefined ? undefined : { ...video, frameRate: seen.outputRate.value, interlaced: seen.interlaced };
  return {
    source: {
      durationS,
      video: seen,
      audio: audio === undefined ? undefined : { index: audio.index },
      info: mediaInfo(report, { video: shown, audio }),
    },
    declaredS: DECLARING.test(format_name) ? durationS : undefined,
    pixels: (video?.width ?? 0) * (video?.height ?? 0),
    mayJump,
  };
}

/** The stream that players would choose: the first that is marked as default, else the first. */
function chosen(streams: readonly ReportStream[], isWanted: (stream: ReportStream) => boolean): ReportStream | undefined {
  const wanted = streams.filter(isWanted);
  return wanted.find((stream) => stream.disposition?.default === 1) ?? wanted[0];
}

function videoSource(stream: ReportStream, report: Report, durationS: number): VideoSource {
  const { width = 0, height = 0 } = stream;
  if (stream.codec_name === undefined || width < 2 || height < 2) throw new AppError('media_corrupt');
  const outputRate = outputFrameRate(stream.avg_frame_rate, stream.r_frame_rate);
  const pixels = width * height;
  if (pixels > MAX_PIXELS) throw new AppError('media_too_large', { width, height, allowed_pixels: MAX_PIXELS });
  if (pixels * outputRate.value * durationS > MAX_PIXELS_IN_ALL) {
    throw new AppError('media_too_large', { width, height, frame_rate: outputRate.value });
  }
  const bitrate = stream.bit_rate ?? report.format.bit_rate;
  return {
    index: stream.index,
    ...shownSize(stream, width, height),
    bitrate: bitrate === undefined ? undefined : bitrate * (H264_SHARE[stream.codec_name] ?? 1),
    outputRate,
    colour: { primaries: said(stream.color_primaries), transfer: said(stream.color_transfer), matrix: said(stream.color_space) },
    interlaced: ['tt', 'bb', 'tb', 'bt'].includes(stream.field_order ?? ''),
  };
}

function said(word: string | undefined): string | undefined {
  return word === 'unknown' || word === 'reserved' ? undefined : word;
}

/** The size as shown: pixels made square by shrinking the longer of their sides, then turned (ffprobe tells the size before). */
function shownSize(stream: ReportStream, width: number, height: number): { width: number; height: number } {
  const [over = 1, under = 1] = (stream.sample_aspect_ratio ?? '1:1').split(':').map(Number);
  const aspect = over > 0 && under > 0 ? over / under : 1;
  const square = aspect >= 1 ? { width, height: Math.round(height / aspect) } : { width: Math.round(width * aspect), height };
  const turned = Math.abs(Math.round(rotationOf(stream) / 90)) % 2 === 1;
  return turned ? { width: square.height, height: square.width } : square;
}
