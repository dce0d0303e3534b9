import { z } from 'zod';
import { plainText } from '../contracts/text.ts';
import type { AuditService } from '../domain/audit.ts';
import { nextPage, pageFields, type RestApp } from './route.ts';

const word = plainText(256);

const act = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    actor: z.string().nullable(),
    remote_address: z.string().nullable(),
    action: z.string().describe('Like `user.revoke`.'),
    subject: z.string().describe('Like `user:anna`.'),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Act' });

/** `GET /audit`: who did what, newest first. */
export function auditRoutes(app: RestApp, { audit }: { audit: AuditService }): void {
  app.get(
    '/audit',
    {
      config: { access: ['admin'] },
      schema: {
        tags: ['operations'],
        summary: 'List who did what, newest first.',
        querystring: z.strictObject({ actor: word.optional(), action: word.optional(), subject: word.optional(), ...pageFields }),
        response: { 200: z.object({ audit: z.array(act), next: nextPage }) },
      },
    },
    async (request) => {
      const { after, limit, ...filter } = request.query;
      const { entries, next } = await audit.list(filter, { after, limit });
      const acts = entries.map(({ id, at, actor, action, subject, details }) => ({
        id,
        at: at.toISOString(),
        actor: actor.userId,
        remote_address: actor.remoteAddress,
        action,
        subject,
        details,
      }));
      return { audit: acts, next };
    },
  );
}
