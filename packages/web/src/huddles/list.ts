import { signal } from '@preact/signals';
import { ApiError, call } from '../api.ts';
import type { Refusal } from '../ask.ts';

/** An item of `GET /huddles`. */
export interface ListedHuddle {
  huddle_id: string;
  name: string | null;
  max_participants: number;
  created_by: string;
  ended_at: string | null;
  participants: readonly { user_id: string }[];
}

/** How often the list is read while it is shown, in ms: nobody tells of huddles that one is not in. */
export const REFRESH_MS = 5_000;
const SHOWN = 50;

/** Huddles that may be joined; null until they are known. */
export const list = signal<readonly ListedHuddle[] | null>(null);

let reading = 0;

/** Reads it anew. What is shown stays while the server cannot be asked. */
export async function readList(): Promise<void> {
  const mine = (reading += 1);
  try {
    const page = await call<{ huddles: ListedHuddle[] }>('GET', `/huddles?limit=${SHOWN}`);
    if (mine === reading) list.value = page.huddles;
  } catch (error) {
    console.warn('The list of huddles could not be read.', error);
  }
}

/** One huddle, or why it cannot be seen. */
export async function readHuddle(id: string): Promise<ListedHuddle | Refusal> {
  try {
    return (await call<{ huddle: ListedHuddle }>('GET', `/huddles/${encodeURIComponent(id)}`)).huddle;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // What is no id names no huddle.
    return { reason: error.reason === 'invalid_payload' ? 'not_found' : error.reason };
  }
}

/** Another user, or none. */
export function forgetList(): void {
  reading += 1;
  list.value = null;
}
