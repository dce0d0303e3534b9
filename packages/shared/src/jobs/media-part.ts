import { z } from 'zod';
import { id, userId } from '../events/fields.ts';
import type { PartContract } from './contract.ts';
import { mediaTranscode } from './media.ts';

const pixels = z.number().int().min(2).max(16_384);
const rung = z.object({ name: z.string().regex(/^\d{1,5}p$/), width: pixels, height: pixels, bitrate: z.number().int().min(1) });

/** Pictures `from` up to, not including, `to` (null: to the end), counted at the rate of the renditions; in all sizes. */
const pictures = z.object({
  kind: z.literal('pictures'),
  from: z.number().int().min(0),
  to: z.number().int().min(1).nullable(),
  rungs: z.array(rung).min(1).max(16),
  preset: z.string().regex(/^[a-z]{1,16}$/),
});

const partInput = z.object({
  media_id: id,
  user_id: userId,
  /** Where the source is, as the job wrote it down: for any worker to read. */
  source: z.string().min(1).max(4096),
  /** Its folder below the working files of the media. */
  folder: z.string().regex(/^[a-z0-9-]{1,64}$/),
  work: z.discriminatedUnion('kind', [pictures, z.object({ kind: z.literal('sound') })]),
  /** Pictures of the whole media, about: what progress is told by. */
  pictures: z.number().int().min(1),
});
export type MediaPart = z.infer<typeof partInput>;

/** A part of a long video, or its sound. */
export const mediaPart: PartContract<'media.part', MediaPart> = {
  name: 'media.part',
  queue: 'media',
  partOf: mediaTranscode.name,
  input: partInput,
  attempts: mediaTranscode.attempts,
  backoff: mediaTranscode.backoff,
};
