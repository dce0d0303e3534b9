import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { errorCode, id, userId } from './fields.ts';

export const CAPTION_FORMATS = ['vtt', 'srt', 'hls'] as const;
export type CaptionFormat = (typeof CAPTION_FORMATS)[number];

/** What a media is captioned with, in one language. WebVTT is always there, the others when they were asked for. */
export const captionTrackSchema = z.object({
  /** BCP 47; `und` when nobody knows. */
  language: z.string(),
  vtt_url: z.string(),
  srt_url: z.string().exactOptional(),
  /** Playlist of the subtitle rendition, which the master playlist names too. */
  hls_url: z.string().exactOptional(),
});
export type CaptionTrack = z.infer<typeof captionTrackSchema>;

/** A track as clients see it, of the keys under which it is stored. @param urlOf where players get an object */
export function captionTrackOf(
  { language, vttKey, srtKey, hlsKey }: { language: string; vttKey: string; srtKey: string | null; hlsKey: string | null },
  urlOf: (key: string) => string,
): CaptionTrack {
  return {
    language,
    vtt_url: urlOf(vttKey),
    ...(srtKey === null ? {} : { srt_url: urlOf(srtKey) }),
    ...(hlsKey === null ? {} : { hls_url: urlOf(hlsKey) }),
  };
}

/** A language tag (BCP 47), in its usual spelling. */
export const languageTag = z
  .string()
  .min(2)
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'is no language tag like en or pt-BR');

export const transcriptionRequested = defineEvent('transcription.requested', {
  doc: 'A media is to get captions.',
  payload: z.object({
    media_id: id,
    user_id: userId.optional(),
    /** What is spoken, when it is known. */
    language: languageTag.optional(),
    formats: z.array(z.enum(CAPTION_FORMATS)).min(1).max(CAPTION_FORMATS.length).default([...CAPTION_FORMATS]),
  }),
  key: ({ media_id }) => media_id,
  from: ['backend', 'realtime', 'caption-worker'],
});

export const transcriptionComplete = defineEvent('transcription.complete', {
  doc: 'The captions of a media are there; without a word in it there are no tracks.',
  payload: z.object({ media_id: id, user_id: userId.optional(), tracks: z.array(captionTrackSchema) }),
  key: ({ media_id }) => media_id,
  from: ['caption-worker'],
});

export const transcriptionFailed = defineEvent('transcription.failed', {
  doc: 'No captions could be made.',
  payload: z.object({ media_id: id, user_id: userId.optional(), reason: errorCode, message: z.string() }),
  key: ({ media_id }) => media_id,
  from: ['caption-worker'],
});
