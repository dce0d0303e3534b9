import { z } from 'zod';

const number = z.coerce.number().finite();
const tags = z.record(z.string(), z.unknown()).optional().catch(undefined);

const streamSchema = z.object({
  index: z.number().int().min(0),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.string().optional().catch(undefined),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  sample_aspect_ratio: z.string().optional(),
  pix_fmt: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  bit_rate: number.optional().catch(undefined),
  duration: number.optional().catch(undefined),
  field_order: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  color_space: z.string().optional(),
  channels: z.number().int().optional(),
  sample_rate: number.optional().catch(undefined),
  disposition: z.object({ attached_pic: z.number().optional(), default: z.number().optional() }).optional(),
  side_data_list: z.array(z.looseObject({ rotation: number.optional().catch(undefined) })).optional(),
  tags,
});

/** What ffprobe tells of a file, as far as it is used. */
export const reportSchema = z.object({
  format: z.object({
    format_name: z.string().default(''),
    duration: number.optional().catch(undefined),
    bit_rate: number.optional().catch(undefined),
    tags,
  }),
  streams: z.array(streamSchema).default([]),
});
export type Report = z.infer<typeof reportSchema>;
export type ReportStream = z.infer<typeof streamSchema>;

/** Quarter turns clockwise or back that players make before they show a picture, in degrees. */
export function rotationOf(stream: ReportStream): number {
  return stream.side_data_list?.find((entry) => entry.rotation !== undefined)?.rotation ?? 0;
}
