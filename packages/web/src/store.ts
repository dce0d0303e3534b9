import { signal } from '@preact/signals';
import { ApiError, getMedia } from './api.ts';
import { transition, type Flow, type FlowEvent } from './flow.ts';
import { libraryNews, refreshLibrary } from './library.ts';
import type { Media } from './media.ts';
import { RateMeter } from './rate.ts';
import { session } from './session.ts';
import { openLive, type Live } from './socket.ts';
import { uploadFile } from './upload.ts';

/** What the page shows. */
export const flow = signal<Flow>({ at: 'idle' });

let live: Live | null = null;
let leave: (() => void) | null = null;
let upload: AbortController | null = null;

function dispatch(event: FlowEvent): void {
  flow.value = transition(flow.value, event);
}

/** Goes live as the signed-in user, and shows the media that the address names. Returns what ends it. */
export function connect(userId: string): () => void {
  const opened = openLive(() => (session.value.state === 'signed_in' ? session.value.token : ''), refreshOnLoss);
  live = opened;
  opened.followUser(userId, libraryNews);
  const mediaId = new URLSearchParams(location.hash.slice(1)).get('media');
  if (mediaId !== null) void openById(mediaId);
  return () => {
    opened.close();
    live = null;
  };
}

/** A socket is refused without a reason; the same token over HTTP tells whether it is the token. */
function refreshOnLoss(): void {
  void refreshLibrary();
}

/** Uploads a file and follows what becomes of it. An upload that runs is given up. */
export async function choose(file: File): Promise<void> {
  turnAway();
  const { signal: aborted } = (upload = new AbortController());
  const meter = new RateMeter();
  dispatch({ type: 'chosen', filename: file.name, size: file.size });
  try {
    const media = await uploadFile(file, {
      signal: aborted,
      onSent: (bytes) => {
        if (!aborted.aborted) dispatch({ type: 'sent', bytes, bytesPerSecond: meter.add(performance.now(), bytes) });
      },
    });
    if (aborted.aborted) return;
    show(media);
    await refreshLibrary();
  } catch (error) {
    if (!aborted.aborted) refuse(file.name, error);
  }
}

/** Says why a file was not taken at all. */
export function refuse(filename: string | null, error: unknown): void {
  turnAway();
  const { reason, message } = error instanceof ApiError ? error : { reason: 'internal', message: String(error) };
  dispatch({ type: 'refused', filename, reason, message });
}

/** Shows a media, and follows it while it is being made. */
export function show(media: Media): void {
  turnAway();
  dispatch({ type: 'opened', media });
  history.replaceState(null, '', `#media=${encodeURIComponent(media.media_id)}`);
  if (flow.value.at !== 'processing' || live === null) return;
  leave = live.followMedia(media.media_id, {
    onJoined: (joined) => dispatch({ type: 'synced', media: joined }),
    onProgress: (progress) => dispatch({ type: 'progress', progress }),
    onReady: (ready) => dispatch({ type: 'ready', ready }),
    onFailed: (failed) => dispatch({ type: 'failed', failed }),
    onRefused: (reason) => refuse(media.filename, new ApiError(reason, 'The video cannot be followed.')),
  });
}

/** Back to the empty page; an upload that runs is given up. */
export function reset(): void {
  turnAway();
  dispatch({ type: 'reset' });
  history.replaceState(null, '', location.pathname + location.search);
}

async function openById(mediaId: string): Promise<void> {
  try {
    const media = await getMedia(mediaId);
    if (flow.value.at !== 'idle') return;
    if (media.state === 'uploading') reset(); // Its upload ended with the page that sent it.
    else show(media);
  } catch (error) {
    console.warn('The video of this address cannot be shown.', error);
    if (flow.value.at === 'idle') reset();
  }
}

function turnAway(): void {
  upload?.abort();
  upload = null;
  leave?.();
  leave = null;
}
