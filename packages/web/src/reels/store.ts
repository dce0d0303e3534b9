import { effect, signal, untracked } from '@preact/signals';
import { call } from '../api.ts';
import { refusalInWords, type Answer } from '../ask.ts';
import { route } from '../route.ts';
import type { Live } from '../socket.ts';
import { isReelId } from './reel-id.ts';
import { ReelSession } from './session.ts';
import { reduce } from './state/reduce.ts';
import { newReel, type Reel, type ReelEvent, type Update } from './state/reel.ts';

/** The reel on the screen; null while none is. */
export const reel = signal<Reel | null>(null);

/** The latest thing that did not work, in words; each is a new object, so that the same is said again. */
export const notice = signal<{ words: string } | null>(null);

/** Updates that are read anew when comments are missing; there are so many comments on the screen. */
const PAGE = 50;

let session: ReelSession | null = null;

/** Follows the reel that the address names. Returns what ends it. */
export function run(live: Live): () => void {
  const stopOpening = effect(() => {
    const id = openReelId();
    return id === null ? undefined : untracked(() => open(live, id));
  });
  const stopFilling = effect(() => {
    const id = reel.value?.gap === true ? reel.value.id : null;
    if (id !== null) void fill(id);
  });
  return () => {
    stopFilling();
    stopOpening();
  };
}

/** The reel that the address names; null for an address that can name none. */
export function openReelId(): string | null {
  const [screen, id] = route.value;
  return screen === 'reels' && id !== undefined && isReelId(id) ? id : null;
}

/** One more heart: each tap counts. */
export async function like(): Promise<void> {
  sayNo(await session?.interact('like'));
}

/** Takes one heart back. */
export async function unlike(): Promise<void> {
  sayNo(await session?.interact('unlike'));
}

/** Whether it is said. */
export async function comment(content: string): Promise<boolean> {
  const answer = await session?.interact('comment', { content });
  sayNo(answer);
  return answer?.ok === true;
}

/** Counts that the address of the reel was copied. */
export async function share(): Promise<void> {
  sayNo(await session?.interact('share', { target: 'link' }));
}

function sayNo(answer: Answer<unknown> | undefined): void {
  if (answer?.ok === false) notice.value = { words: refusalInWords(answer.refusal) };
}

function open(live: Live, id: string): () => void {
  reel.value = newReel(id);
  notice.value = null;
  const mine = new ReelSession(live, id, (event) => dispatch(id, event));
  session = mine;
  return () => {
    mine.leave();
    session = null;
    reel.value = null;
  };
}

function dispatch(id: string, event: ReelEvent): void {
  const known = reel.peek();
  if (known?.id === id) reel.value = reduce(known, event);
}

let filling: string | null = null;

/** Reads the comments that no update told. One reading at a time; what is missing then is read after it. */
async function fill(id: string): Promise<void> {
  if (filling === id) return;
  filling = id;
  try {
    const { updates } = await call<{ updates: Update[] }>('GET', `/reels/${encodeURIComponent(id)}/updates?limit=${PAGE}`);
    dispatch(id, { type: 'listed', updates });
  } catch (error) {
    console.warn('The comments could not be read; the next one that is told tries again.', error);
  } finally {
    filling = null;
  }
}
