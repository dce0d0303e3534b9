import { signal } from '@preact/signals';
import { listMedia } from './api.ts';
import type { MediaNews } from './follow.ts';
import type { Media } from './media.ts';

/** The newest media of this user, newest first. */
export const library = signal<readonly Media[]>([]);

/** Reads the list again. Keeps the old one when the server cannot be reached: the next reconnect asks again. */
export async function refreshLibrary(): Promise<void> {
  try {
    library.value = await listMedia();
  } catch (error) {
    console.warn('The list of videos could not be read.', error);
  }
}

/** Changes what is known of a media of the list. */
export function change(mediaId: string, fields: Partial<Media>): void {
  library.value = library.value.map((media) => (media.media_id === mediaId ? { ...media, ...fields } : media));
}

/** Keeps the list in step with the events of the user's channel. */
export const libraryNews: MediaNews = {
  onProgress({ media_id, stage, percent }) {
    if (library.value.some((media) => media.media_id === media_id)) change(media_id, { state: 'processing', stage, percent });
    else void refreshLibrary();
  },
  onReady: ({ media_id, ...fields }) => change(media_id, { ...fields, state: 'ready' }),
  onFailed: ({ media_id, reason, message }) => change(media_id, { state: 'failed', reason, message }),
};
