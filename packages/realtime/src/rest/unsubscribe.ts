import { escapeHtml, type Unsubscription, type UnsubscribeSigner } from '@armoricore/shared/notifications';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { NotificationSettingsService } from '../domain/notification-settings.ts';
import type { RestApp } from './route.ts';

const tags = ['notifications'] as const;
const querystring = z.object({ token: z.string().max(2_200) });
const CONTENT_SECURITY_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export interface UnsubscribeDependencies {
  notificationSettings: NotificationSettingsService;
  unsubscribeSigner: UnsubscribeSigner;
}

/**
 * Where the links of mails lead (RFC 8058): a POST switches the mails of the category off, without a further question. A GET, which
 * scanners of mails do as well, shows a page with the button.
 */
export function unsubscribeRoutes(app: RestApp, { notificationSettings: settings, unsubscribeSigner: signer }: UnsubscribeDependencies): void {
  // Mail programs send `List-Unsubscribe=One-Click` as a form of either kind; nothing in it matters.
  app.addContentTypeParser(/^(application\/x-www-form-urlencoded|multipart\/form-data)/, { parseAs: 'string', bodyLimit: 4_096 }, (_request, _body, done) => done(null, undefined));

  app.get(
    '/unsubscribe',
    { config: { access: 'public' }, schema: { tags, summary: 'A page that asks whether to end mails of a category.', querystring, produces: 'text/html', response: { 200: z.string() }, errors: ['invalid_signature'] } },
    async (request, reply) => {
      const { category } = signer.verify(request.query.token);
      return page(reply, `<p>No more mails of the category <b>${escapeHtml(category)}</b>?</p><form method="post"><button>Unsubscribe</button></form>`);
    },
  );

  app.post(
    '/unsubscribe',
    { config: { access: 'public' }, schema: { tags, summary: 'End the mails of a category for a user.', querystring, produces: 'text/html', response: { 200: z.string() }, errors: ['invalid_signature'] } },
    async (request, reply) => {
      const unsubscription: Unsubscription = signer.verify(request.query.token);
      await settings.unsubscribe(unsubscription);
      return page(reply, `<p>You get no more mails of the category <b>${escapeHtml(unsubscription.category)}</b>.</p>`);
    },
  );
}

function page(reply: FastifyReply, content: string): FastifyReply {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>Unsubscribe</title></head><body><main>${content}</main></body></html>`;
  return reply
    .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': CONTENT_SECURITY_POLICY, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    .serializer((payload: unknown) => String(payload))
    .send(html);
}
