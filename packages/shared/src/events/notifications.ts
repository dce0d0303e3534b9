import { z } from 'zod';
import { defineEvent } from './envelope.ts';
import { id, userId } from './fields.ts';

const channel = z.enum(['push', 'email']);
const deliveries = z.array(
  z.object({ channel, device_id: z.string().optional(), status: z.enum(['sent', 'failed', 'dropped']), reason: z.string().optional() }),
);

export const notificationRequested = defineEvent('notification.requested', {
  doc: 'A user is to be told something by push or email.',
  payload: z.object({
    notification_id: id,
    user_id: userId,
    channels: z.array(channel).min(1),
    title: z.string().max(512),
    body: z.string().max(4096),
    data: z.record(z.string(), z.unknown()).default({}),
    collapse_key: z.string().max(64).optional(),
    priority: z.enum(['low', 'normal', 'high']).default('normal'),
    to: z.object({ tokens: z.array(z.string()).optional(), emails: z.array(z.string()).optional() }).optional(),
  }),
  key: ({ user_id }) => user_id,
  from: ['backend', 'realtime'],
});

export const notificationSent = defineEvent('notification.sent', {
  doc: 'At least one device or address got the notification.',
  payload: z.object({ notification_id: id, user_id: userId, deliveries }),
  key: ({ user_id }) => user_id,
  from: ['notification-worker'],
});

export const notificationFailed = defineEvent('notification.failed', {
  doc: 'No device and no address got the notification.',
  payload: z.object({ notification_id: id, user_id: userId, reason: z.string(), deliveries }),
  key: ({ user_id }) => user_id,
  from: ['notification-worker'],
});
