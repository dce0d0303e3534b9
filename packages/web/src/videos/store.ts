import { effect, signal } from '@preact/signals';
import type { Socket } from 'phoenix';
import { addressParam, setAddressParam } from '../address-bar.ts';
import { ApiError } from '../api.ts';
import { route } from '../route.ts';
import type { Live } from '../socket.ts';
import { getMedia } from './api.ts';
import { dispatchMaking } from './captioning.ts';
import { transition, type Flow, type FlowEvent } from './flow.ts';
import { followMedia, listen, listenForCaptions } from './follow.ts';
import { change, library, libraryNews, refreshLibrary } from './library.ts';
import type { CaptionsDone, Media } from './media.ts';
import { RateMeter } from './rate.ts';
import { uploadFile } from './upload.ts';

/** What the page shows. */
export const flow = signal<Flow>({ at: 'idle' });

let socket: Socket | null = null;
let leave: (() => void) | null = null;
let upload: AbortController | null = null;

function dispatch(event: FlowEvent): void {
  flow.value = transition(flow.value, event);
}

/** Keeps the videos of the signed-in user up to date, and shows the one that the address names. Returns what ends it. */
export function run(live: Live): () => void {
  socket = live.socket;
  listen(live.user, libraryNews);
  listenForCaptions(live.user, { onDone: captioned, onFailed: (failed) => dispatchMaking({ type: 'failed', failed }) });
  const stopReading = effect(() => {
    if (live.joined.value > 0) void catchUp();
  });
  openAddressed();
  window.addEventListener('hashchange', openAddressed);
  window.addEventListener('beforeunload', warnOfUpload);
  return () => {
    window.removeEventListener('beforeunload', warnOfUpload);
    window.removeEventListener('hashchange', openAddressed);
    stopReading();
    socket = null;
  };
}

function warnOfUpload(event: BeforeUnloadEvent): void {
  if (flow.value.at === 'uploading') event.preventDefault();
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
  remember(media.media_id);
  if (flow.value.at !== 'processing' || socket === null) return;
  leave = followMedia(socket, media.media_id, {
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
  remember(null);
}

/** Reads what may have been told while nobody listened. */
async function catchUp(): Promise<void> {
  await refreshLibrary();
  for (const { media_id, captions } of library.peek()) {
    if (captions.length > 0) captioned({ media_id, tracks: captions });
  }
}

function captioned(done: CaptionsDone): void {
  dispatchMaking({ type: 'done', done });
  dispatch({ type: 'captioned', mediaId: done.media_id, captions: done.tracks });
  change(done.media_id, { captions: done.tracks });
}

/** Opens the media that the address names, unless it is the one that is shown, or another is being uploaded. */
function openAddressed(): void {
  const mediaId = route.peek().length === 0 ? addressParam('media') : null;
  const now = flow.peek();
  const shown = 'media' in now ? now.media.media_id : 'mediaId' in now ? now.mediaId : null;
  if (mediaId !== null && mediaId !== shown && now.at !== 'uploading') void openById(mediaId, now);
}

/** @param before what was shown then: if it is something else now, that is what somebody wants to see */
async function openById(mediaId: string, before: Flow): Promise<void> {
  try {
    const media = await getMedia(mediaId);
    if (flow.value !== before) return;
    if (media.state === 'uploading') reset(); // Its upload ended with the page that sent it.
    else show(media);
  } catch (error) {
    console.warn('The video of this address cannot be shown.', error);
    if (flow.value !== before) return;
    if (before.at === 'idle') reset();
    else refuse(null, error);
  }
}

/** Puts the media into the address, unless that belongs to another screen now. */
function remember(mediaId: string | null): void {
  if (route.peek().length === 0) setAddressParam('media', mediaId);
}

function turnAway(): void {
  upload?.abort();
  upload = null;
  leave?.();
  leave = null;
}
