import type { PayloadOf } from '@armoricore/shared/events';
import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';

/** A media as REST and the join of its channel show it. */
export interface MediaView {
  media_id: string;
  user_id: string;
  state: 'uploading' | 'processing' | 'ready' | 'failed';
  public: boolean;
  filename: string | null;
  stage: string | null;
  percent: number;
  /** Why it failed: a code of the error table and its text. */
  reason?: string;
  message?: string;
  duration_ms: number | null;
  /** Players may begin: it is ready, or its smallest rendition is being published while the others are made. */
  playable: boolean;
  playback_urls: { hls: string; mp4?: string; audio?: string } | null;
  thumbnail_urls: string[];
  /** WebVTT track whose cues name places on sheets of small pictures. */
  storyboard: string | null;
  preview_url: string | null;
  captions: { language: string; vtt_url: string }[];
  renditions: PayloadOf<'media.ready'>['renditions'];
  metadata: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}

/** What the worker tells of a media, on its own topic and on its owner's. */
export const mediaEvents = {
  'media:progress': z.custom<PayloadOf<'media.progress'>>(),
  'media:ready': z.custom<PayloadOf<'media.ready'>>(),
  'media:failed': z.custom<PayloadOf<'media.failed'>>(),
};

export const mediaContract = defineChannel({
  topic: 'media:{media_id}',
  join: { reply: z.custom<MediaView>() },
  out: mediaEvents,
});
