import { z } from 'zod';
import { localeTag } from '../notifications/locale.ts';
import { category, CHANNELS } from '../notifications/preferences.ts';
import { PLATFORMS, webPushSubscription } from '../notifications/targets.ts';
import { templateName } from '../notifications/template.ts';
import { defineEvent } from './envelope.ts';
import { id, userId } from './fields.ts';

/** Four weeks: no push service keeps anything longer. */
const LONGEST_TTL_S = 28 * 24 * 3600;

/** A token of an event: bare, with its platform, or a browser's subscription. What is none is told of in its delivery. */
const eventToken = z.union([
  z.string().max(4096),
  z.object({ platform: z.enum(PLATFORMS), token: z.string().max(4096) }),
  z.object({ platform: z.literal('webpush'), subscription: webPushSubscription }),
]);
export type EventToken = z.infer<typeof eventToken>;

export const DELIVERY_STATES = ['pending', 'sending', 'sent', 'failed', 'dropped', 'suppressed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Most deliveries that an event tells of; those that failed come first. The log of the notification has them all. */
export const MOST_TOLD_DELIVERIES = 100;

const count = z.number().int().min(0);
const outcome = {
  notification_id: id,
  user_id: userId,
  category: category.optional(),
  /** As it was shown to the user, for a list in the app. */
  title: z.string().optional(),
  body: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  deliveries: z.array(
    z.object({
      channel: z.enum(CHANNELS),
      device_id: z.string().optional(),
      status: z.enum(['sent', 'failed', 'dropped', 'suppressed']),
      reason: z.string().optional(),
    }),
  ),
  counts: z.object({ sent: count, failed: count, dropped: count, suppressed: count }).optional(),
};

export const notificationRequested = defineEvent('notification.requested', {
  doc: 'A user is to be told something by push or email.',
  payload: z
    .object({
      notification_id: id,
      user_id: userId,
      channels: z.array(z.enum(CHANNELS)).min(1).max(CHANNELS.length),
      /** `general` when it is missing. */
      category: category.optional(),
      title: z.string().max(512).optional(),
      body: z.string().max(4096).optional(),
      /** Instead of title and body: the name of a template, and what it needs. */
      template: templateName.optional(),
      params: z.record(z.string().max(64), z.union([z.string().max(4096), z.number(), z.boolean()])).optional(),
      locale: localeTag.optional(),
      data: z.record(z.string(), z.unknown()).default({}),
      /** An `alert` when it is missing; `background` wakes an app with data and shows nothing; `voip` rings, by PushKit on iOS. */
      kind: z.enum(['alert', 'background', 'voip']).optional(),
      collapse_key: z.string().max(64).optional(),
      priority: z.enum(['low', 'normal', 'high']).default('normal'),
      /** Is sent in quiet hours and over the user's rate, too. */
      urgent: z.boolean().optional(),
      ttl_s: z.number().int().min(0).max(LONGEST_TTL_S).optional(),
      badge: z.number().int().min(0).max(99_999).optional(),
      to: z.object({ tokens: z.array(eventToken).max(10_000).optional(), emails: z.array(z.string().max(1024)).max(1_000).optional() }).optional(),
    })
    .refine(({ kind = 'alert', title, body, template }) => kind !== 'alert' || (title ?? body ?? template) !== undefined, {
      path: ['title'],
      message: 'an alert needs a title, a body or a template',
    }),
  key: ({ user_id }) => user_id,
  from: ['backend', 'realtime'],
});

export const notificationSent = defineEvent('notification.sent', {
  doc: 'A notification is done with: some device or address got it, or none was to get it.',
  payload: z.object(outcome),
  key: ({ user_id }) => user_id,
  from: ['notification-worker'],
});

export const notificationFailed = defineEvent('notification.failed', {
  doc: 'No device and no address got the notification; `reason` is a code of the error table.',
  payload: z.object({ ...outcome, reason: z.string(), message: z.string().optional() }),
  key: ({ user_id }) => user_id,
  from: ['notification-worker'],
});
