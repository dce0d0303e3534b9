import { AppError, toAppError } from '@armoricore/shared/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hasRole, type Identity } from '../../auth/identity.ts';
import { endOfSession, sessionCookie, sessionToken } from '../../auth/session.ts';
import { issueToken, type TokenOptions, type VerifyToken } from '../../auth/tokens.ts';
import { isLocal } from '../loopback.ts';
import { parse } from '../parse.ts';
import { LOGIN_CONTENT_SECURITY_POLICY, loginPage } from './login-page.ts';

/** Browsers keep no larger cookie. */
const MAX_TOKEN_LENGTH = 3_800;
const DEVELOPMENT_TTL_S = 12 * 3600;

const formSchema = z.strictObject({ token: z.string().trim().regex(/^[\w.-]+$/).max(MAX_TOKEN_LENGTH) });

export interface SessionDependencies {
  verifyToken: VerifyToken;
  /** Cookies are for https alone. */
  secure: boolean;
  /** Set in development alone: then the login page offers a token. */
  devTokens?: TokenOptions | undefined;
}

/** Who signed in, by the cookie. @throws AppError `unauthorized`, `token_expired`, `forbidden` for neither admin nor viewer */
export async function operatorOf(request: FastifyRequest, verifyToken: VerifyToken): Promise<Identity> {
  const token = sessionToken(request.headers.cookie);
  if (token === undefined) throw new AppError('unauthorized', { why: 'nobody is signed in' });
  return operator(token, verifyToken);
}

async function operator(token: string, verifyToken: VerifyToken): Promise<Identity> {
  const identity = await verifyToken(token);
  if (!hasRole(identity, 'admin') && !hasRole(identity, 'viewer')) throw new AppError('forbidden', { needed_role: 'admin or viewer' });
  return identity;
}

/** Signing in and out with a browser: forms without scripts. What a caller names is never where it is sent to. */
export function sessionRoutes(app: FastifyInstance, { verifyToken, secure, devTokens }: SessionDependencies): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 2 * MAX_TOKEN_LENGTH }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });

  const show = (request: FastifyRequest, reply: FastifyReply, page: { userId?: string; fault?: string }): FastifyReply =>
    reply
      .header('content-security-policy', LOGIN_CONTENT_SECURITY_POLICY)
      .type('text/html; charset=utf-8')
      .send(loginPage({ ...page, development: devTokens !== undefined && isLocal(request) }));

  const enter = (reply: FastifyReply, token: string, { expiresAt }: Identity): FastifyReply =>
    reply.header('set-cookie', sessionCookie(token, { expiresAt, secure })).redirect('/admin/queues', 303);

  app.get('/admin/login', async (request, reply) => {
    try {
      const { userId } = await operatorOf(request, verifyToken);
      return show(request, reply, { userId });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return show(request, reply, error.code === 'unauthorized' ? {} : { fault: error.message });
    }
  });

  app.post('/admin/session', async (request, reply) => {
    try {
      const { token } = parse(formSchema, request.body);
      return enter(reply, token, await operator(token, verifyToken));
    } catch (error) {
      const { code, status } = toAppError(error);
      if (status >= 500) throw error;
      return show(request, reply.status(status), { fault: FAULTS[code] ?? 'This is no valid token.' });
    }
  });

  app.post('/admin/logout', (_request, reply) => reply.header('set-cookie', endOfSession({ secure })).redirect('/admin/login', 303));

  if (devTokens === undefined) return;
  app.post('/admin/session/development', async (request, reply) => {
    if (!isLocal(request)) throw new AppError('not_found');
    const token = await issueToken(devTokens, { userId: 'developer', roles: ['admin'], ttlS: DEVELOPMENT_TTL_S });
    return enter(reply, token, await verifyToken(token));
  });
}

const FAULTS: Partial<Record<string, string>> = {
  token_expired: 'This token has expired.',
  forbidden: 'This token has neither the role admin nor the role viewer.',
};
