import { z } from 'zod';
import { huddleEntry } from '../contracts/huddles.ts';
import type { HuddleService } from '../domain/huddles.ts';
import { nextPage, type RestApp } from './route.ts';

const listSchema = z.object({
  before: z.string().max(64).optional().describe('The `next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

/** Huddles and who is in them. */
export function huddleRoutes(app: RestApp, { huddles }: { huddles: HuddleService }): void {
  app.get(
    '/huddles',
    {
      config: { access: 'token' },
      schema: {
        tags: ['calls'],
        summary: 'List huddles: those that somebody is in, then the newest.',
        description: 'Huddles that have not ended, of no conversation or of one that the caller may read; all of them for `admin` and `service`.',
        querystring: listSchema,
        response: { 200: z.object({ huddles: z.array(huddleEntry), next: nextPage }) },
      },
    },
    (request) => huddles.list(request.identity, request.query),
  );

  app.get(
    '/huddles/:id',
    {
      config: { access: 'token' },
      schema: {
        tags: ['calls'],
        summary: 'Show a huddle.',
        params: z.object({ id: z.uuid() }),
        response: { 200: z.object({ huddle: huddleEntry }) },
        errors: ['not_found', 'forbidden'],
      },
    },
    async (request) => ({ huddle: await huddles.get(request.params.id, request.identity) }),
  );
}
