import type { ReadonlySignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { callsScreen } from './calls/index.tsx';
import { chatScreen } from './chat/index.tsx';
import { huddlesScreen } from './huddles/index.tsx';
import { reelsScreen } from './reels/index.tsx';
import { settingsScreen } from './settings/index.tsx';
import type { Live } from './socket.ts';
import { videosScreen } from './videos/index.tsx';

/** One screen of the page: a folder, and a line in the table below. README.md says how to add one. */
export interface Screen {
  /** The first segment of its address: `chat` is at `#/chat`; that of the start page is empty. */
  path: string;
  label: string;
  Icon: ComponentType;
  /** Shown in `main`. Has one `h1`. `rest` are the segments of the address after `path`. */
  View: ComponentType<{ rest: readonly string[] }>;
  /** Runs while a user is signed in, whichever screen is shown. Returns what ends it. */
  run?: (live: Live) => () => void;
  /** A number on its item of the navigation, when it is not 0. `what` follows it for screen readers: `3 unread`. */
  badge?: { count: ReadonlySignal<number>; what: string };
  /** Reached by its icon among the tools of the header, instead of the navigation. */
  isTool?: true;
}

export const SCREENS: readonly Screen[] = [videosScreen, chatScreen, reelsScreen, callsScreen, huddlesScreen, settingsScreen];

const [START] = SCREENS;

/** The screen of an address; the start page for an address that is none's. */
export function screenOf([first = '']: readonly string[]): Screen {
  return SCREENS.find(({ path }) => path === first) ?? (START as Screen);
}
