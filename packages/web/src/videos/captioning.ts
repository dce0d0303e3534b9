import { signal } from '@preact/signals';
import { ApiError } from '../api.ts';
import { requestCaptions } from './api.ts';
import type { CaptionsDone, CaptionsFailed } from './media.ts';

/** What became of the captions that this page asked for. */
export type Making =
  | { at: 'asking' }
  | { at: 'making' }
  /** Nothing was heard that could be written down. */
  | { at: 'silent' }
  | { at: 'failed'; reason: string; message: string };

/** By media; a media that nobody asked captions for, or that has got them, is not in it. */
export type Makings = Readonly<Record<string, Making>>;

export type MakingEvent =
  | { type: 'asked'; mediaId: string }
  | { type: 'accepted'; mediaId: string }
  | { type: 'done'; done: CaptionsDone }
  | { type: 'failed'; failed: CaptionsFailed };

/** The next state. Pure. News of captions that this page did not ask for change nothing. */
export function makingsAfter(makings: Makings, event: MakingEvent): Makings {
  switch (event.type) {
    case 'asked':
      return { ...makings, [event.mediaId]: { at: 'asking' } };
    case 'accepted': // The end may be told before the answer is read.
      return makings[event.mediaId]?.at === 'asking' ? { ...makings, [event.mediaId]: { at: 'making' } } : makings;
    case 'done': {
      const { media_id, tracks } = event.done;
      const { [media_id]: known, ...others } = makings;
      if (known === undefined) return makings;
      return tracks.length === 0 ? { ...others, [media_id]: { at: 'silent' } } : others;
    }
    case 'failed': {
      const { media_id, reason, message } = event.failed;
      return makings[media_id] === undefined ? makings : { ...makings, [media_id]: { at: 'failed', reason, message } };
    }
  }
}

export const makings = signal<Makings>({});

export function dispatchMaking(event: MakingEvent): void {
  makings.value = makingsAfter(makings.peek(), event);
}

/** Has a media captioned. The end of it is told on the user's channel. */
export async function makeCaptions(mediaId: string): Promise<void> {
  dispatchMaking({ type: 'asked', mediaId });
  try {
    await requestCaptions(mediaId);
    dispatchMaking({ type: 'accepted', mediaId });
  } catch (error) {
    const { reason, message } = error instanceof ApiError ? error : { reason: 'internal', message: String(error) };
    dispatchMaking({ type: 'failed', failed: { media_id: mediaId, reason, message } });
  }
}
