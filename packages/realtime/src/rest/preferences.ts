import { emailAddress, notificationPreferences } from '@armoricore/shared/notifications';
import { z } from 'zod';
import { userId } from '../contracts/chat-fields.ts';
import type { NotificationSettingsService } from '../domain/notification-settings.ts';
import { actorOf } from './authenticate.ts';
import type { RestApp } from './route.ts';

const tags = ['notifications'] as const;
const params = z.object({ id: userId });
const preferencesView = z
  .object({
    categories: z.record(z.string(), z.object({ push: z.boolean(), email: z.boolean(), quiet: z.enum(['digest', 'drop', 'send']) })),
    quiet_hours: z.object({ start: z.string(), end: z.string(), timezone: z.string() }).nullable(),
    locale: z.string().nullable(),
  })
  .meta({ id: 'NotificationPreferences' });
const contactView = z.object({ email: z.string().nullable(), refused_at: z.iso.datetime().nullable().describe('Since when mails to it come back.') }).meta({ id: 'Contact' });

/** How a user wants to be told of things. */
export function preferenceRoutes(app: RestApp, { notificationSettings: settings }: { notificationSettings: NotificationSettingsService }): void {
  app.get(
    '/users/:id/preferences',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'How a user wants to be notified.',
        description: 'For the user and admins. A category that is not named is as `*` says, and where that is missing switched on.',
        params,
        response: { 200: z.object({ preferences: preferencesView, contact: contactView }) },
        errors: ['forbidden'],
      },
    },
    async (request) => {
      const { preferences, contact } = await settings.read(request.identity, request.params.id);
      return { preferences, contact: { email: contact.email, refused_at: contact.refusedAt?.toISOString() ?? null } };
    },
  );

  app.put(
    '/users/:id/preferences',
    {
      config: { access: 'token' },
      bodyLimit: 64 * 1024,
      schema: {
        tags,
        summary: 'Set how a user wants to be notified.',
        description: 'For the user and admins. It takes the place of all that was set before. `quiet` says what becomes of a category in quiet hours: part of a digest at their end, dropped, or sent all the same.',
        params,
        body: notificationPreferences,
        response: { 200: z.object({ preferences: preferencesView }) },
        errors: ['forbidden'],
      },
    },
    async (request) => ({ preferences: await settings.put(request.identity, request.params.id, request.body) }),
  );

  app.put(
    '/users/:id/contact',
    {
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: 'Set the mail address of a user.',
        description: 'The backend has verified it. Null: there is none. An address that mails came back from gets mails again.',
        params,
        body: z.strictObject({ email: emailAddress.nullable() }),
        response: { 200: z.object({ contact: contactView }) },
      },
    },
    async (request) => {
      const { email } = await settings.setContact(request.params.id, request.body.email, actorOf(request.identity, request));
      return { contact: { email, refused_at: null } };
    },
  );
}
