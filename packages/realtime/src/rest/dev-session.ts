import { AppError, newId } from '@armoricore/shared/kernel';
import { z } from 'zod';
import { issueToken, type TokenOptions } from '../auth/tokens.ts';
import { isLoopback } from './loopback.ts';
import type { RestApp } from './route.ts';

const TOKEN_TTL_S = 12 * 3600;

/**
 * `POST /dev/session`: signs a visitor of the page in without a password. Registered in development alone, and only for
 * requests to a loopback name, so that no web page on another host name can ask for it (DNS rebinding).
 */
export function devSessionRoutes(app: RestApp, tokens: TokenOptions): void {
  app.post(
    '/dev/session',
    {
      config: { access: 'public' },
      schema: {
        tags: ['users'],
        summary: 'Get a token without a password, in development alone.',
        body: z.strictObject({ user_id: z.string().regex(/^[\w.-]{1,64}$/).optional() }).prefault({}),
        response: { 200: z.object({ token: z.string(), user_id: z.string() }) },
        errors: ['not_found'],
      },
      // Not even what is wrong is told to other names.
      onRequest: async ({ headers }) => {
        if (!isLoopback(headers.host)) throw new AppError('not_found');
      },
    },
    async (request) => {
      const { user_id = `guest-${newId().slice(-8)}` } = request.body;
      return { token: await issueToken(tokens, { userId: user_id, ttlS: TOKEN_TTL_S }), user_id };
    },
  );
}
