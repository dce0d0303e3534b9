import { z } from 'zod';

/** Where a push goes. `apns-voip` is the token that PushKit gives an iOS app for calls. */
export const PLATFORMS = ['fcm', 'apns', 'apns-voip', 'webpush'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** FCM names no length; its tokens have a colon and are 140 to 170 characters today. */
const FCM_TOKEN = /^[A-Za-z0-9_:.-]{8,1024}$/;
/** Bytes in hex; Apple says that the length may change. */
const APNS_TOKEN = /^[0-9A-Fa-f]{32,200}$/;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

/** What `PushSubscription.toJSON()` of a browser gives (W3C Push API §8). */
export const webPushSubscription = z.object({
  endpoint: z.string().max(2048).refine(isPushEndpoint, 'an https:// URL of a push service, by its host name'),
  keys: z.object({
    /** P-256 point, uncompressed: 65 bytes. */
    p256dh: z.string().regex(BASE64URL).min(86).max(90),
    /** 16 bytes. */
    auth: z.string().regex(BASE64URL).min(21).max(26),
  }),
});
export type WebPushSubscription = z.infer<typeof webPushSubscription>;

/** A device as push providers know it. */
export const pushTarget = z.discriminatedUnion('platform', [
  z.object({ platform: z.literal('fcm'), token: z.string().regex(FCM_TOKEN) }),
  z.object({ platform: z.literal('apns'), token: z.string().regex(APNS_TOKEN).toLowerCase() }),
  z.object({ platform: z.literal('apns-voip'), token: z.string().regex(APNS_TOKEN).toLowerCase() }),
  z.object({ platform: z.literal('webpush'), subscription: webPushSubscription }),
]);
export type PushTarget = z.infer<typeof pushTarget>;

/** One mail address and nothing beside it: no name, comma, quotes, spaces or line ends. */
export const emailAddress = z.email().max(254);

/** What a bare token of an event is: hex is of Apple, all else of Firebase. Null when it can be of neither. */
export function targetOfToken(token: string): PushTarget | null {
  const parsed = pushTarget.safeParse({ platform: APNS_TOKEN.test(token) ? 'apns' : 'fcm', token });
  return parsed.success ? parsed.data : null;
}

/** What tells a target from all others of its platform. */
export function addressOf(target: PushTarget): string {
  return target.platform === 'webpush' ? target.subscription.endpoint : target.token;
}

/** A mail address for logs and lists: enough to recognise it, not enough to write to it. */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '***' : `${address[0]}***${address.slice(at)}`;
}

/** A token, or the endpoint of a subscription, for lists: its end, or its host. */
export function maskToken(platform: Platform, address: string): string {
  if (platform === 'webpush') return URL.parse(address)?.host ?? '***';
  return address.length < 16 ? '***' : `…${address.slice(-6)}`.toWellFormed();
}

/**
 * The form alone: https, a host name with a dot, no name and password. Where the name leads is checked when we connect, each time,
 * since what it resolves to may change.
 */
function isPushEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return false;
  return /^(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(url.hostname);
}
