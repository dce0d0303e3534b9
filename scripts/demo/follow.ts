import { Socket } from 'phoenix';
import type { Media, MediaFailed, MediaProgress, MediaReady } from '../../packages/web/src/videos/media.ts';
import { DemoError } from './error.ts';

/** How long the server may be away, in ms: it may be restarting. */
const AWAY_MS = 60_000;

export type Progress = Pick<MediaProgress, 'stage' | 'percent' | 'remaining_ms'>;

interface FollowOptions {
  base: string;
  token: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/**
 * Waits on the channel of a media until it can be played. The reply of each join tells the present state, so that
 * nothing is missed when the connection is lost and found again.
 * @throws DemoError when the media failed, or the server stayed away for a minute
 */
export async function followMedia(mediaId: string, { base, token, signal, onProgress }: FollowOptions): Promise<MediaReady> {
  const { promise, resolve, reject } = Promise.withResolvers<MediaReady>();
  const url = new URL('/socket', base);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new Socket(url.href, { params: { token } });
  const channel = socket.channel(`media:${mediaId}`);

  let away: NodeJS.Timeout | undefined;
  const missServer = (): void => {
    away ??= setTimeout(() => reject(new DemoError('unavailable', 'The connection to the server was lost.')), AWAY_MS);
  };
  const closed = socket.onClose(missServer);
  socket.onOpen(() => {
    clearTimeout(away);
    away = undefined;
  });
  const fail = ({ reason, message }: Pick<MediaFailed, 'reason' | 'message'>): void => reject(new DemoError(reason, message));
  const show = ({ stage, percent, remaining_ms }: Progress): void =>
    onProgress({ stage, percent, ...(remaining_ms === undefined ? {} : { remaining_ms }) });

  channel.on('media:progress', show);
  channel.on('media:ready', resolve);
  channel.on('media:failed', fail);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  missServer();
  socket.connect();
  channel
    .join()
    .receive('ok', (media: Media) => {
      if (media.state === 'ready') resolve(media);
      else if (media.state === 'failed') fail({ reason: media.reason ?? 'internal', message: media.message ?? '' });
      else show({ stage: media.stage ?? 'queued', percent: media.percent });
    })
    .receive('error', ({ reason = 'internal' }: { reason?: string }) => fail({ reason, message: 'The media cannot be followed.' }));
  try {
    signal.throwIfAborted();
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.off([closed]);
    clearTimeout(away);
    socket.disconnect();
  }
}
