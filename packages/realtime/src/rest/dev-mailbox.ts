import { createHash } from 'node:crypto';
import { AppError } from '@armoricore/shared/kernel';
import { escapeHtml } from '@armoricore/shared/notifications';
import type { Mailbox, MailboxEntry } from '../domain/mailbox.ts';
import { isLocal } from './loopback.ts';
import type { RestApp } from './route.ts';

/** Messages that the page shows. */
const SHOWN = 100;

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; max-width: 52rem; padding: 2rem 1rem; background: light-dark(#f4f5f7, #14171c); color: light-dark(#1b1f24, #e6e9ee); }
  article { margin: 1rem 0; padding: 1rem 1.25rem; border-radius: 12px; background: light-dark(#fff, #1d2128); box-shadow: 0 1px 3px #0003; }
  h1 { font-size: 1.35rem; } h2 { margin: 0; font-size: 1rem; } p { margin: .25rem 0; }
  small, time { color: light-dark(#57606a, #9aa4b2); }
  pre { overflow: auto; max-height: 20rem; margin: .5rem 0 0; font: .8rem/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
`;
const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/**
 * `GET /dev/mailbox`: what would have been pushed and mailed, where no provider has credentials. Registered in development alone, and
 * only for this machine by a loopback name.
 */
export function devMailboxRoutes(app: RestApp, { mailbox }: { mailbox: Mailbox }): void {
  app.get(
    '/dev/mailbox',
    {
      config: { access: 'public' },
      onRequest: async (request) => {
        if (!isLocal(request)) throw new AppError('not_found');
      },
    },
    async (_request, reply) =>
      reply
        .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': CONTENT_SECURITY_POLICY, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
        .serializer((payload: unknown) => String(payload))
        .send(pageOf(await mailbox.newest(SHOWN))),
  );
}

function pageOf(entries: readonly MailboxEntry[]): string {
  const list = entries.length === 0 ? '<p>Nothing yet. Publish <code>notification.requested</code>.</p>' : entries.map(articleOf).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Mailbox · Armoricore</title><style>${STYLE}</style></head>
<body><h1>Mailbox</h1><p>What would have been sent: there are no credentials for it. The newest ${SHOWN}.</p>
${list}
</body></html>
`;
}

/** Everything in it is text: also the HTML of a mail is shown as its source. */
function articleOf({ at, kind, recipient, message }: MailboxEntry): string {
  const { title, subject, body, text, ...rest } = message;
  const heading = textOf(subject ?? title) || '(nothing to show)';
  return `<article><h2>${escapeHtml(heading)}</h2>
<p><small>${kind} to ${escapeHtml(recipient)}</small> <time>${at.toISOString()}</time></p>
<p>${escapeHtml(textOf(text ?? body))}</p>
<pre>${escapeHtml(JSON.stringify(rest, null, 2))}</pre></article>`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
