import type { Channel, Socket } from 'phoenix';
import type { CaptionsDone, CaptionsFailed, Media, MediaFailed, MediaProgress, MediaReady } from './media.ts';

export interface MediaNews {
  onProgress(progress: MediaProgress): void;
  onReady(ready: MediaReady): void;
  onFailed(failed: MediaFailed): void;
}

/** Follows one media. `onJoined` brings its state at each join, also after a connection was lost and found again. */
export function followMedia(
  socket: Socket,
  mediaId: string,
  news: MediaNews & { onJoined(media: Media): void; onRefused(reason: string): void },
): () => void {
  const channel = socket.channel(`media:${mediaId}`);
  listen(channel, news);
  channel
    .join()
    .receive('ok', (media: Media) => news.onJoined(media))
    .receive('error', ({ reason }: { reason?: string }) => news.onRefused(reason ?? 'internal'));
  return () => channel.leave();
}

/** The events of media, as the channels `media:*` and `user:*` have them. */
export function listen(channel: Channel, news: MediaNews): void {
  channel.on('media:progress', (progress: MediaProgress) => news.onProgress(progress));
  channel.on('media:ready', (ready: MediaReady) => news.onReady(ready));
  channel.on('media:failed', (failed: MediaFailed) => news.onFailed(failed));
}

export interface CaptionNews {
  onDone(done: CaptionsDone): void;
  onFailed(failed: CaptionsFailed): void;
}

/** The ends of captioning, as the same channels have them. */
export function listenForCaptions(channel: Channel, news: CaptionNews): void {
  channel.on('transcription:complete', (done: CaptionsDone) => news.onDone(done));
  channel.on('transcription:failed', (failed: CaptionsFailed) => news.onFailed(failed));
}
