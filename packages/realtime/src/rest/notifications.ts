import { CHANNELS } from '@armoricore/shared/notifications';
import { DELIVERY_STATES } from '@armoricore/shared/events';
import { z } from 'zod';
import { plainText } from '../contracts/text.ts';
import type { DeliveryEntry, NotificationEntry, NotificationLog } from '../domain/notification-log.ts';
import { nextPage, type RestApp } from './route.ts';

const tags = ['notifications'] as const;
const notificationView = z
  .object({
    notification_id: z.string(),
    user_id: z.string(),
    category: z.string(),
    title: z.string(),
    body: z.string(),
    data: z.record(z.string(), z.unknown()),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable().describe('Null while some of its deliveries wait.'),
  })
  .meta({ id: 'Notification' });
const deliveryView = z
  .object({
    channel: z.enum(CHANNELS),
    platform: z.string(),
    address: z.string().describe('As much of it as may be shown.'),
    device_id: z.uuid().nullable(),
    status: z.enum(DELIVERY_STATES),
    reason: z.string().nullable(),
    provider_id: z.string().nullable().describe('What the provider calls the message.'),
    attempts: z.number().int().describe('How often the provider said "later".'),
    due_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Delivery' });

/** What users were told, and what became of it on each device. */
export function notificationRoutes(app: RestApp, { notificationLog: log }: { notificationLog: NotificationLog }): void {
  app.get(
    '/notifications',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'What the caller was notified of.',
        description: 'The newest first.',
        querystring: z.object({ before: plainText(256).optional().describe('The `next` of the page before.'), limit: z.coerce.number().int().min(1).max(100).default(50) }),
        response: { 200: z.object({ notifications: z.array(notificationView), next: nextPage }) },
      },
    },
    async (request) => {
      const { notifications, next } = await log.listOf(request.identity.userId, request.query);
      return { notifications: notifications.map(viewOf), next };
    },
  );

  app.get(
    '/notifications/:id',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'A notification, and what became of it on each device.',
        description: 'For its user, admins and services. At most 1,000 deliveries.',
        params: z.object({ id: plainText(128) }),
        response: { 200: z.object({ notification: notificationView, deliveries: z.array(deliveryView) }) },
        errors: ['not_found'],
      },
    },
    async (request) => {
      const { notification, deliveries } = await log.find(request.identity, request.params.id);
      return { notification: viewOf(notification), deliveries: deliveries.map(deliveryOf) };
    },
  );
}

function viewOf({ id, userId, category, title, body, data, createdAt, finishedAt }: NotificationEntry): z.input<typeof notificationView> {
  return { notification_id: id, user_id: userId, category, title, body, data, created_at: createdAt.toISOString(), finished_at: finishedAt?.toISOString() ?? null };
}

function deliveryOf(entry: DeliveryEntry): z.input<typeof deliveryView> {
  const { channel, platform, address, deviceId, state, reason, providerId, attempts, dueAt, updatedAt } = entry;
  return { channel, platform, address, device_id: deviceId, status: state, reason, provider_id: providerId, attempts, due_at: dueAt.toISOString(), updated_at: updatedAt.toISOString() };
}
