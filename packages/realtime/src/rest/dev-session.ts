import { AppError, newId } from '@armoricore/shared/kernel';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { issueToken, type TokenOptions } from '../auth/tokens.ts';
import { isLoopback } from './loopback.ts';
import { parse } from './parse.ts';

const TOKEN_TTL_S = 12 * 3600;
const bodySchema = z.strictObject({ user_id: z.string().regex(/^[\w.-]{1,64}$/).optional() });

/**
 * `POST /dev/session`: signs a visitor of the page in without a password. Registered in development alone, and only for
 * requests to a loopback name, so that no web page on another host name can ask for it (DNS rebinding).
 */
export function devSessionRoutes(app: FastifyInstance, tokens: TokenOptions): void {
  app.post('/dev/session', async (request) => {
    if (!isLoopback(request.headers.host)) throw new AppError('not_found');
    const { user_id = `guest-${newId().slice(-8)}` } = parse(bodySchema, request.body ?? {});
    return { token: await issueToken(tokens, { userId: user_id, ttlS: TOKEN_TTL_S }), user_id };
  });
}
