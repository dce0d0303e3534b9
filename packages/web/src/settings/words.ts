import { ALL, type QuietWay } from './preferences.ts';

const CATEGORIES: Record<string, string> = { general: 'Messages and general news', calls: 'Calls', [ALL]: 'Everything else' };

/** A category as people call it; one that only the backend knows by its own name. */
export function categoryInWords(name: string): string {
  if (Object.hasOwn(CATEGORIES, name)) return CATEGORIES[name]!;
  const words = name.replaceAll(/[._-]+/g, ' ').trim();
  return words === '' ? name : words[0]!.toUpperCase() + words.slice(1);
}

export const QUIET_IN_WORDS: Record<QuietWay, string> = {
  digest: 'Wait for the digest',
  drop: 'Do not send',
  send: 'Send all the same',
};

const PLATFORMS: Record<string, string> = { fcm: 'Android', apns: 'iPhone or iPad', 'apns-voip': 'iPhone, for calls', webpush: 'Browser' };

export const platformInWords = (platform: string): string => PLATFORMS[platform] ?? platform;

const REASONS: Record<string, string> = {
  network: 'The server could not be reached. Check the connection and try again.',
  unavailable: 'The server cannot save anything at the moment. Try again in a moment.',
  overloaded: 'The server has too much to do. Try again in a moment.',
  forbidden: 'These settings are not yours to change.',
  not_found: 'It was gone already.',
  rate_limited: 'That was too much at once. Wait a moment and try again.',
  unauthorized: 'Your access has ended. Open the page again to sign in.',
};

/** Why the server did not take something; its own words where there are none here. */
export function reasonInWords(reason: string, message: string): string {
  return REASONS[reason] ?? (message || 'Something went wrong on the server.');
}
