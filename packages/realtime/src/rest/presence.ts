import { z } from 'zod';
import { userId } from '../contracts/chat-fields.ts';
import { userActivity, userPresenceChange, userPresenceView } from '../contracts/presence.ts';
import type { UserPresenceService } from '../domain/user-presence.ts';
import type { RestApp } from './route.ts';

const tags = ['users'] as const;
const params = z.object({ id: userId });

/** What users do, as they or the backend say. */
export function presenceRoutes(app: RestApp, { userPresence }: { userPresence: UserPresenceService }): void {
  app.post(
    '/users/:id/presence',
    {
      bodyLimit: 16 * 1024,
      config: { access: 'token' },
      schema: {
        tags,
        summary: "Say what a user does: the user's own, or for a service or an admin anyone's.",
        description: 'What is left out stays as it is. It is told as `user_activity` on `user:<id>`, and published as `presence.update`.',
        params,
        body: userPresenceChange,
        response: { 200: userActivity },
        errors: ['forbidden', 'rate_limited'],
      },
    },
    (request) => userPresence.set(request.params.id, request.body, request.identity),
  );

  app.get(
    '/users/:id/presence',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'What a user does, and whether he is connected.',
        description: "The user's own; for the roles `service`, `admin` and `viewer` anyone's.",
        params,
        response: { 200: userPresenceView },
        errors: ['forbidden', 'not_found'],
      },
    },
    (request) => userPresence.get(request.params.id, request.identity),
  );
}
