import { z } from 'zod';
import { callLogEntry } from '../contracts/calls.ts';
import { userId } from '../contracts/chat-fields.ts';
import type { CallService } from '../domain/calls.ts';
import { nextPage, pageFields, type RestApp } from './route.ts';

/** `GET /calls`: the log of calls. */
export function callRoutes(app: RestApp, { calls }: { calls: CallService }): void {
  app.get(
    '/calls',
    {
      config: { access: 'token' },
      schema: {
        tags: ['calls'],
        summary: 'List calls, the newest first.',
        description: 'Those of the caller; of another user for `admin` and `service`. One that rings or is under way is listed, too.',
        querystring: z.object({ ...pageFields, user_id: userId.optional().describe('Whose calls.') }),
        response: { 200: z.object({ calls: z.array(callLogEntry), next: nextPage }) },
        errors: ['forbidden'],
      },
    },
    (request) => {
      const { user_id: whose = request.identity.userId, ...page } = request.query;
      return calls.log(request.identity, whose, page);
    },
  );
}
