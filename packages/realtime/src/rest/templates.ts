import { localeTag, notificationTemplate, templateName } from '@armoricore/shared/notifications';
import { z } from 'zod';
import type { NotificationSettingsService, StoredTemplate } from '../domain/notification-settings.ts';
import { actorOf } from './authenticate.ts';
import { nothing, type RestApp } from './route.ts';

const tags = ['notifications'] as const;
const params = z.object({ name: templateName, locale: localeTag });
const templateView = z
  .object({ name: z.string(), locale: z.string(), title: z.string(), body: z.string(), subject: z.string().optional(), html: z.string().optional(), updated_at: z.iso.datetime() })
  .meta({ id: 'NotificationTemplate' });

/** The texts of notifications. */
export function templateRoutes(app: RestApp, { notificationSettings: settings }: { notificationSettings: NotificationSettingsService }): void {
  const access = ['service', 'admin'] as const;

  app.get('/templates', { config: { access }, schema: { tags, summary: 'The templates of notifications.', response: { 200: z.object({ templates: z.array(templateView) }) } } }, async () => ({
    templates: (await settings.templates()).map(viewOf),
  }));

  app.get(
    '/templates/:name/:locale',
    { config: { access }, schema: { tags, summary: 'A template in one language.', params, response: { 200: z.object({ template: templateView }) }, errors: ['not_found'] } },
    async (request) => ({ template: viewOf(await settings.template(request.params.name, request.params.locale)) }),
  );

  app.put(
    '/templates/:name/:locale',
    {
      config: { access },
      bodyLimit: 512 * 1024,
      schema: {
        tags,
        summary: 'Make or change a template in one language.',
        description: 'Params of the notification stand as `{{name}}`. In `html` they are escaped; `subject` is the title where it is missing, `body` also the plain text of mails. A template called `digest`, with the params `count` and `titles`, words what piled up.',
        params,
        body: notificationTemplate,
        response: { 200: z.object({ template: templateView }), 201: z.object({ template: templateView }) },
      },
    },
    async (request, reply) => {
      const { name, locale } = request.params;
      const { created, template } = await settings.putTemplate(name, locale, request.body, actorOf(request.identity, request));
      return reply.status(created ? 201 : 200).send({ template: viewOf(template) });
    },
  );

  app.delete(
    '/templates/:name/:locale',
    { config: { access }, schema: { tags, summary: 'Remove a template in one language.', params, response: { 204: nothing }, errors: ['not_found'] } },
    async (request, reply) => {
      await settings.deleteTemplate(request.params.name, request.params.locale, actorOf(request.identity, request));
      return reply.status(204).send();
    },
  );
}

function viewOf({ updatedAt, ...template }: StoredTemplate): z.input<typeof templateView> {
  return { ...template, updated_at: updatedAt.toISOString() };
}
