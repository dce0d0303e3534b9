import { call } from '../api.ts';
import type { Preferences } from './preferences.ts';

/** Where mails go; `refused_at` is since when they come back. */
export interface Contact {
  email: string | null;
  refused_at: string | null;
}

export interface Device {
  device_id: string;
  platform: string;
  /** As much of it as may be shown. */
  address: string;
  app: string | null;
  registered_at: string;
}

export interface Devices {
  devices: Device[];
  /** Null where the server has no web push. */
  webpush_public_key: string | null;
}

const ofUser = (userId: string): string => `/users/${encodeURIComponent(userId)}/preferences`;

export async function readPreferences(userId: string): Promise<{ preferences: Preferences; contact: Contact }> {
  return call('GET', ofUser(userId));
}

/** Saves them in place of all that was set before; resolves to what is saved. */
export async function savePreferences(userId: string, preferences: Preferences): Promise<Preferences> {
  return (await call<{ preferences: Preferences }>('PUT', ofUser(userId), { body: preferences })).preferences;
}

/** The categories of what the user was told lately. */
export async function readCategories(): Promise<string[]> {
  const { notifications } = await call<{ notifications: { category: string }[] }>('GET', '/notifications?limit=100');
  return [...new Set(notifications.map(({ category }) => category))];
}

export async function readDevices(): Promise<Devices> {
  return call('GET', '/devices');
}

export async function removeDevice(id: string): Promise<void> {
  await call('DELETE', `/devices/${encodeURIComponent(id)}`);
}

/** Has this browser pushed to; again at each visit, so that it is known to be in use. */
export async function registerBrowser({ endpoint, keys }: PushSubscriptionJSON): Promise<void> {
  const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
  await call('POST', '/devices', {
    body: { platform: 'webpush', subscription: { endpoint, keys }, locale: navigator.language, timezone, app: 'This page' },
  });
}

export async function forgetBrowser(endpoint: string): Promise<void> {
  await call('DELETE', '/devices', { body: { token: endpoint } });
}
