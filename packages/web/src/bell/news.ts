import { formatAddress } from '../address.ts';
import { UNTITLED, type CaptionsDone, type CaptionsFailed, type MediaFailed } from '../videos/media.ts';
import { reasonInWords } from '../videos/reasons.ts';
import type { Item, Topic } from './state/item.ts';

/** The event `notification` of the user's channel. */
export interface Notification {
  notification_id: string;
  title: string | null;
  body: string | null;
  data: Record<string, unknown>;
  created: string;
}

/** The event `notification:status`: what became of a notification. */
export interface NotificationStatus {
  notification_id: string;
  title?: string;
  body?: string;
  deliveries: readonly { channel: 'push' | 'email'; status: 'sent' | 'failed' | 'dropped' | 'suppressed' }[];
}

/** A notification of the log, as REST gives it. */
export interface LoggedNotification {
  notification_id: string;
  title: string;
  body: string;
  data: Record<string, unknown>;
  created_at: string;
}

export type News = Omit<Item, 'read' | 'delivery'>;

/** Longest text that an item shows. */
const LONGEST = 300;

/** A notification as an item of the bell. What it is about is read from its data, never from an address that it brings. */
export function fromNotification({ notification_id, title, body, data, created }: Notification): News {
  const { topic, href } = aboutOf(data);
  return { id: notification_id, topic, title: title?.slice(0, LONGEST) ?? null, body: body?.slice(0, LONGEST) ?? '', at: created, href };
}

/** One that came while nobody listened. Null for what only woke an app or let it ring: there is nothing to read. */
export function fromLog({ notification_id, title, body, data, created_at }: LoggedNotification): News | null {
  const rang = data['type'] === 'call' && data['event'] === 'incoming';
  return rang || (title === '' && body === '') ? null : fromNotification({ notification_id, title, body, data, created: created_at });
}

/** The place that the data of a notification is about; null when there is none. */
export const placeOf = (data: Record<string, unknown>): string | null => aboutOf(data).href;

export function readyNews(mediaId: string, filename: string | null, at: string): News {
  return { id: `ready ${mediaId}`, topic: 'video', title: 'Your video is ready', body: filename ?? UNTITLED, at, href: mediaHref(mediaId) };
}

export function failedNews({ media_id, reason, message }: MediaFailed, filename: string | null, at: string): News {
  const title = `${filename ?? UNTITLED} could not be processed`;
  return { id: `failed ${media_id}`, topic: 'video', title, body: reasonInWords(reason, message), at, href: mediaHref(media_id) };
}

export function captionsNews({ media_id, tracks }: CaptionsDone, filename: string | null, at: string): News {
  const title = tracks.length > 0 ? 'Captions are ready' : 'There is nothing to caption';
  return { id: `captions ${media_id}`, topic: 'captions', title, body: filename ?? UNTITLED, at, href: mediaHref(media_id) };
}

export function noCaptionsNews({ media_id, reason, message }: CaptionsFailed, filename: string | null, at: string): News {
  const title = `${filename ?? UNTITLED} got no captions`;
  return { id: `no captions ${media_id}`, topic: 'captions', title, body: reasonInWords(reason, message), at, href: mediaHref(media_id) };
}

/** What became of a notification outside of this page, in a line; null when there is nothing to say. */
export function deliveryInWords({ deliveries }: Pick<NotificationStatus, 'deliveries'>): string | null {
  const count = (channel: string, ...states: string[]): number =>
    deliveries.filter((one) => one.channel === channel && states.includes(one.status)).length;
  const pushed = count('push', 'sent');
  const words = [
    pushed > 0 && `Pushed to ${pushed === 1 ? 'a device' : `${pushed} devices`}`,
    count('email', 'sent') > 0 && 'Sent by email',
    count('push', 'failed', 'dropped') > 0 && (pushed > 0 ? 'Not to all devices' : 'Push failed'),
    count('email', 'failed', 'dropped') > 0 && 'Email failed',
    count('push', 'suppressed') + count('email', 'suppressed') > 0 && 'Held back by your settings',
  ];
  return words.filter((word) => word !== false).join(' · ') || null;
}

function aboutOf(data: Record<string, unknown>): { topic: Topic; href: string | null } {
  const idOf = (name: string): string | null => {
    const id = data[name];
    return typeof id === 'string' && id !== '' && id.length <= 256 ? id : null;
  };
  const conversation = idOf('conversation_id');
  if (conversation !== null) return { topic: 'message', href: formatAddress(['chat', conversation]) };
  const huddle = idOf('huddle_id');
  if (huddle !== null) return { topic: 'call', href: formatAddress(['huddles', huddle]) };
  if (idOf('call_id') !== null) return { topic: 'call', href: formatAddress(['calls']) };
  const media = idOf('media_id');
  if (media !== null) return { topic: 'video', href: mediaHref(media) };
  const reel = idOf('reel_id');
  if (reel !== null) return { topic: 'video', href: formatAddress(['reels', reel]) };
  return { topic: 'note', href: null };
}

const mediaHref = (mediaId: string): string => formatAddress([], new URLSearchParams({ media: mediaId }));
