import { forgetBrowser, registerBrowser } from '../api.ts';

const WORKER = '/push-worker.js';

/** Whether this browser can be pushed to: `blocked` when its user does not allow notifications of this page. */
export type PushState = 'unsupported' | 'blocked' | 'off' | 'on';

/** Web push needs https (or this machine), a service worker, and a browser that has it; iPhones only with the page on the home screen. */
export const canPush = (): boolean => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

export async function pushState(): Promise<PushState> {
  if (!canPush()) return 'unsupported';
  if (Notification.permission === 'denied') return 'blocked';
  return (await subscription()) === null ? 'off' : 'on';
}

/**
 * Asks the user for permission and subscribes. To be called by a click: browsers ask at no other time.
 * @param key the server's public key
 * @throws ApiError, DOMException when the push service of the browser does not answer
 */
export async function switchOn(key: string): Promise<PushState> {
  if ((await Notification.requestPermission()) !== 'granted') return Notification.permission === 'denied' ? 'blocked' : 'off';
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  // One of another key would never be pushed to.
  await (await pushManager.getSubscription())?.unsubscribe();
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  try {
    await registerBrowser(made.toJSON());
  } catch (error) {
    await made.unsubscribe(); // Else this page would say it is on.
    throw error;
  }
  return 'on';
}

export async function switchOff(): Promise<PushState> {
  const made = await subscription();
  if (made === null) return pushState();
  await forgetBrowser(made.endpoint);
  await made.unsubscribe();
  return pushState();
}

/** Says that this browser is still there, if it is pushed to. */
export async function renewPush(): Promise<void> {
  if (!canPush() || Notification.permission !== 'granted') return;
  const made = await subscription();
  if (made !== null) await registerBrowser(made.toJSON());
}

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}
