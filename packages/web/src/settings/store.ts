import { signal } from '@preact/signals';
import { ApiError } from '../api.ts';
import { session } from '../session.ts';
import type { Live } from '../socket.ts';
import { readCategories, readDevices, readPreferences, removeDevice, savePreferences, type Devices } from './api.ts';
import { renewPush } from './push/browser-push.ts';
import { reduce, type Settings, type SettingsEvent } from './state.ts';
import { reasonInWords } from './words.ts';

export const settings = signal<Settings>({ at: 'loading' });

/** Null until they are read. */
export const devices = signal<Devices | null>(null);
/** Why the devices could not be read or changed. */
export const devicesFault = signal<string | null>(null);

export function dispatch(event: SettingsEvent): void {
  settings.value = reduce(settings.peek(), event);
}

/** Settings are those of the signed-in user. Returns what ends it. */
export function run(_live: Live): () => void {
  renewPush().catch((error: unknown) => console.warn('The server does not know that this browser is still there.', error));
  return () => {
    settings.value = { at: 'loading' };
    devices.value = null;
    devicesFault.value = null;
  };
}

/** Reads all that the screen shows. */
export async function load(): Promise<void> {
  dispatch({ type: 'loading' });
  await Promise.all([loadPreferences(), loadDevices()]);
}

async function loadPreferences(): Promise<void> {
  const userId = userIdNow();
  if (userId === null) return;
  try {
    const [{ preferences, contact }, seen] = await Promise.all([readPreferences(userId), readCategories()]);
    if (userId === userIdNow()) dispatch({ type: 'loaded', preferences, contact, seen });
  } catch (error) {
    dispatch({ type: 'unread', fault: inWords(error) });
  }
}

export async function loadDevices(): Promise<void> {
  await changeDevices(async () => undefined);
}

export async function forgetDevice(id: string): Promise<void> {
  await changeDevices(() => removeDevice(id));
}

/** Does it, then reads the list anew. */
async function changeDevices(change: () => Promise<void>): Promise<void> {
  devicesFault.value = null;
  try {
    await change();
  } catch (error) {
    devicesFault.value = inWords(error);
  }
  try {
    devices.value = await readDevices();
  } catch (error) {
    devicesFault.value = inWords(error);
  }
}

/** Saves what the form shows. */
export async function save(): Promise<void> {
  const now = settings.peek();
  const userId = userIdNow();
  if (now.at !== 'ready' || now.save.at === 'saving' || userId === null) return;
  dispatch({ type: 'saving' });
  try {
    dispatch({ type: 'saved', preferences: await savePreferences(userId, now.draft), sent: now.draft });
  } catch (error) {
    dispatch({ type: 'not_saved', fault: inWords(error) });
  }
}

/** What went wrong, in a sentence. */
export function inWords(error: unknown): string {
  return error instanceof ApiError ? reasonInWords(error.reason, error.message) : reasonInWords('internal', String(error));
}

function userIdNow(): string | null {
  const now = session.peek();
  return now.state === 'signed_in' ? now.userId : null;
}
