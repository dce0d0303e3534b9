import { signal } from '@preact/signals';
import { Socket, type Channel } from 'phoenix';
import type { Media, MediaFailed, MediaProgress, MediaReady } from './media.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting';

/** Whether news arrive as they happen. */
export const connection = signal<Connection>('connecting');

export interface MediaNews {
  onProgress(progress: MediaProgress): void;
  onReady(ready: MediaReady): void;
  onFailed(failed: MediaFailed): void;
}

export interface Live {
  /** Follows one media. `onJoined` brings its state at each join, also after a connection was lost and found again. */
  followMedia(mediaId: string, news: MediaNews & { onJoined(media: Media): void; onRefused(reason: string): void }): () => void;
  /** Follows all media of a user. */
  followUser(userId: string, news: MediaNews & { onJoined(): void }): () => void;
  close(): void;
}

/** Opens the socket. It reconnects by itself, with what `token` returns then; `onLost` runs at every failed attempt. */
export function openLive(token: () => string, onLost: () => void): Live {
  const socket = new Socket('/socket', { params: () => ({ token: token() }) });
  connection.value = 'connecting';
  socket.onOpen(() => {
    connection.value = 'live';
  });
  socket.onClose(() => {
    connection.value = 'reconnecting';
    onLost();
  });
  socket.connect();

  return {
    followMedia(mediaId, news) {
      const channel = listen(socket.channel(`media:${mediaId}`), news);
      channel
        .join()
        .receive('ok', (media: Media) => news.onJoined(media))
        .receive('error', ({ reason }: { reason?: string }) => news.onRefused(reason ?? 'internal'));
      return () => channel.leave();
    },
    followUser(userId, news) {
      const channel = listen(socket.channel(`user:${userId}`), news);
      channel.join().receive('ok', () => news.onJoined());
      return () => channel.leave();
    },
    close: () => socket.disconnect(),
  };
}

function listen(channel: Channel, news: MediaNews): Channel {
  channel.on('media:progress', (progress: MediaProgress) => news.onProgress(progress));
  channel.on('media:ready', (ready: MediaReady) => news.onReady(ready));
  channel.on('media:failed', (failed: MediaFailed) => news.onFailed(failed));
  return channel;
}
