import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { errorCode, id, userId } from './fields.ts';

export const transcriptionRequested = defineEvent('transcription.requested', {
  doc: 'A media is to get captions.',
  payload: z.object({
    media_id: id,
    user_id: userId.optional(),
    language: z.string().max(35).optional(),
    formats: z.array(z.enum(['vtt', 'srt', 'hls'])).min(1).default(['vtt', 'srt', 'hls']),
  }),
  key: ({ media_id }) => media_id,
  from: ['backend', 'realtime'],
});

export const transcriptionComplete = defineEvent('transcription.complete', {
  doc: 'The captions of a media are there.',
  payload: z.object({
    media_id: id,
    user_id: userId.optional(),
    tracks: z.array(z.object({ language: z.string(), vtt_url: z.string(), srt_url: z.string(), hls_url: z.string() })),
  }),
  key: ({ media_id }) => media_id,
  from: ['caption-worker'],
});

export const transcriptionFailed = defineEvent('transcription.failed', {
  doc: 'No captions could be made.',
  payload: z.object({ media_id: id, user_id: userId.optional(), reason: errorCode, message: z.string() }),
  key: ({ media_id }) => media_id,
  from: ['caption-worker'],
});
