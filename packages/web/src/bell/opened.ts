import { takeAddressParam } from '../address-bar.ts';
import { placeOf } from './news.ts';

/** Goes where a notification of the operating system leads that was clicked, whether it opened this page or found it open. Returns what ends it. */
export function followClicks(): () => void {
  const about = takeAddressParam('notification');
  if (about !== null) goTo(about);
  if (!('serviceWorker' in navigator)) return () => undefined; // Plain http: no service worker either.
  const onMessage = ({ data }: MessageEvent<unknown>): void => {
    const { type, about: clicked } = (data ?? {}) as { type?: unknown; about?: unknown };
    if (type === 'notification' && typeof clicked === 'string') goTo(clicked);
  };
  navigator.serviceWorker.addEventListener('message', onMessage);
  return () => navigator.serviceWorker.removeEventListener('message', onMessage);
}

function goTo(about: string): void {
  const place = placeOf(dataIn(about));
  if (place !== null) location.hash = place;
}

/** The address may have been written by anybody. */
function dataIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
