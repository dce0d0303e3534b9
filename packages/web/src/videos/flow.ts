import type { Captions, Media, MediaFailed, MediaProgress, MediaReady } from './media.ts';

/** Where the page is with the one file it shows: upload → processing → ready or failed. */
export type Flow =
  | { at: 'idle' }
  | { at: 'uploading'; filename: string; size: number; sent: number; bytesPerSecond: number | null }
  | { at: 'processing'; media: Media; remainingMs: number | null }
  | { at: 'ready'; media: Media }
  | { at: 'failed'; mediaId: string | null; filename: string | null; reason: string; message: string };

export type FlowEvent =
  | { type: 'reset' }
  | { type: 'chosen'; filename: string; size: number }
  | { type: 'sent'; bytes: number; bytesPerSecond: number | null }
  /** The page turns to this media, whatever it showed before. */
  | { type: 'opened'; media: Media }
  /** The server's present state of the media that is shown, as a join reply brings it. */
  | { type: 'synced'; media: Media }
  | { type: 'progress'; progress: MediaProgress }
  | { type: 'ready'; ready: MediaReady }
  | { type: 'failed'; failed: MediaFailed }
  /** The captions that it has now. */
  | { type: 'captioned'; mediaId: string; captions: Captions[] }
  /** The upload ended before there was a media job. */
  | { type: 'refused'; filename: string | null; reason: string; message: string };

/**
 * The next state. Pure. News of another media, or that come too late or in the wrong order, change nothing: progress
 * never falls, and what is ready or failed stays so.
 */
export function transition(flow: Flow, event: FlowEvent): Flow {
  switch (event.type) {
    case 'reset':
      return { at: 'idle' };
    case 'chosen':
      return { at: 'uploading', filename: event.filename, size: event.size, sent: 0, bytesPerSecond: null };
    case 'sent':
      if (flow.at !== 'uploading') return flow;
      return { ...flow, sent: Math.min(flow.size, Math.max(flow.sent, event.bytes)), bytesPerSecond: event.bytesPerSecond };
    case 'refused':
      return { at: 'failed', mediaId: null, filename: event.filename, reason: event.reason, message: event.message };
    case 'opened':
      return fromMedia(event.media);
    case 'captioned':
      return flow.at === 'ready' && flow.media.media_id === event.mediaId ? { ...flow, media: { ...flow.media, captions: event.captions } } : flow;
    default:
      return flow.at === 'processing' ? whileProcessing(flow, event) : flow;
  }
}

type Processing = Extract<Flow, { at: 'processing' }>;
type News = Extract<FlowEvent, { type: 'synced' | 'progress' | 'ready' | 'failed' }>;

function whileProcessing(flow: Processing, event: News): Flow {
  const { media } = flow;
  switch (event.type) {
    case 'synced':
      if (event.media.media_id !== media.media_id) return flow;
      if (event.media.state === 'processing' && event.media.percent < media.percent) return flow;
      return fromMedia(event.media, flow.remainingMs);
    case 'progress': {
      const { media_id, stage, percent, remaining_ms, playable = false, playback_urls } = event.progress;
      if (media_id !== media.media_id || percent < media.percent) return flow;
      const urls = media.playback_urls ?? playback_urls ?? null; // The first stays: another would start the player anew.
      return { ...flow, media: { ...media, stage, percent, playable, playback_urls: urls }, remainingMs: remaining_ms ?? null };
    }
    case 'ready':
      if (event.ready.media_id !== media.media_id) return flow;
      return { at: 'ready', media: { ...media, ...event.ready, state: 'ready', playable: true, percent: 100 } };
    case 'failed': {
      const { media_id, reason, message } = event.failed;
      if (media_id !== media.media_id) return flow;
      return { at: 'failed', mediaId: media_id, filename: media.filename, reason, message };
    }
  }
}

function fromMedia(media: Media, remainingMs: number | null = null): Flow {
  if (media.state === 'ready') return { at: 'ready', media };
  if (media.state !== 'failed') return { at: 'processing', media, remainingMs };
  const { media_id, filename, reason, message } = media;
  return { at: 'failed', mediaId: media_id, filename, reason: reason ?? 'internal', message: message ?? '' };
}
