import { captionTrackSchema, renditionSchema, type PayloadOf } from '@armoricore/shared/events';
import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';

/** A media as REST and the join of its channel show it. */
export const mediaView = z
  .object({
    media_id: z.string(),
    user_id: z.string(),
    state: z.enum(['uploading', 'processing', 'ready', 'failed']),
    public: z.boolean(),
    filename: z.string().nullable(),
    stage: z.string().nullable(),
    percent: z.number(),
    reason: z.string().exactOptional().describe('Why it failed: a code of the error table; `message` is its text.'),
    message: z.string().exactOptional(),
    duration_ms: z.number().int().nullable(),
    playable: z.boolean().describe('Players may begin: it is ready, or its smallest rendition is published while the others are made.'),
    playback_urls: z.object({ hls: z.string(), mp4: z.string().exactOptional(), audio: z.string().exactOptional() }).nullable(),
    thumbnail_urls: z.array(z.string()),
    storyboard: z.string().nullable().describe('WebVTT track whose cues name places on sheets of small pictures.'),
    preview_url: z.string().nullable().describe('A few seconds without sound, as MP4.'),
    captions: z.array(captionTrackSchema),
    renditions: z.array(renditionSchema),
    metadata: z.record(z.string(), z.unknown()),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Media' });
export type MediaView = z.infer<typeof mediaView>;

/** What the workers tell of a media, on its own topic and on its owner's. */
export const mediaEvents = {
  'media:progress': z.custom<PayloadOf<'media.progress'>>(),
  'media:ready': z.custom<PayloadOf<'media.ready'>>(),
  'media:failed': z.custom<PayloadOf<'media.failed'>>(),
  'transcription:complete': z.custom<PayloadOf<'transcription.complete'>>(),
  'transcription:failed': z.custom<PayloadOf<'transcription.failed'>>(),
};

export const mediaContract = defineChannel({
  topic: 'media:{media_id}',
  join: { reply: mediaView },
  out: mediaEvents,
});
