import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { captionTrackSchema } from './transcription.ts';
import { errorCode, freeMetadata, id, percent, userId } from './fields.ts';

export const MEDIA_STAGES = ['queued', 'probe', 'transcode', 'poster', 'upload', 'publish'] as const;
export type MediaStage = (typeof MEDIA_STAGES)[number];

export const mediaUploaded = defineEvent('media.uploaded', {
  doc: 'A source file is complete; the media worker turns it into HLS.',
  payload: z.object({ media_id: id, user_id: userId, file_path: z.string().min(1).max(2048), metadata: freeMetadata }),
  key: ({ media_id }) => media_id,
  from: ['backend', 'realtime'],
});

export const mediaProgress = defineEvent('media.progress', {
  doc: 'How far a media job is. `percent` is of the whole job and never falls.',
  payload: z.object({
    media_id: id,
    user_id: userId,
    stage: z.enum(MEDIA_STAGES),
    percent,
    remaining_ms: z.number().int().min(0).optional(),
    /** From here on players may begin, with the smallest rendition; `playback_urls` say where. */
    playable: z.boolean().optional(),
    playback_urls: z.object({ hls: z.string() }).optional(),
  }),
  key: ({ media_id }) => media_id,
  from: ['media-worker'],
});

export const renditionSchema = z.object({
  name: z.string(),
  width: z.number().int(),
  height: z.number().int(),
  frame_rate: z.number(),
  /** Peak and mean, in bits per second, as in the master playlist. */
  bandwidth: z.number().int(),
  average_bandwidth: z.number().int(),
  codecs: z.string(),
});
export type Rendition = z.infer<typeof renditionSchema>;

export const mediaReady = defineEvent('media.ready', {
  doc: 'The media can be played.',
  payload: z.object({
    media_id: id,
    user_id: userId,
    playback_urls: z.object({ hls: z.string(), mp4: z.string().optional(), audio: z.string().optional() }),
    thumbnail_urls: z.array(z.string()),
    /** WebVTT track whose cues name places on sheets of small pictures (`#xywh=`). */
    storyboard: z.string().nullable(),
    /** A few seconds without sound, as MP4. */
    preview_url: z.string().nullable().default(null),
    captions: z.array(captionTrackSchema),
    duration_ms: z.number().int().min(0),
    renditions: z.array(renditionSchema),
    metadata: freeMetadata,
  }),
  key: ({ media_id }) => media_id,
  from: ['media-worker'],
});

export const mediaFailed = defineEvent('media.failed', {
  doc: 'The media could not be made; `reason` is a code of the error table.',
  payload: z.object({ media_id: id, user_id: userId, reason: errorCode, message: z.string() }),
  key: ({ media_id }) => media_id,
  from: ['media-worker', 'realtime'],
});
