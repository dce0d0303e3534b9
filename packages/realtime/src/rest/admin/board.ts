import { AppError, type Log } from '@armoricore/shared/kernel';
import type { QueueStore } from '@armoricore/shared/queues';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasRole, type Identity } from '../../auth/identity.ts';
import type { VerifyToken } from '../../auth/tokens.ts';
import type { AuditService } from '../../domain/audit.ts';
import type { DeadLetterService } from '../../domain/dead-letters.ts';
import type { JobService } from '../../domain/jobs.ts';
import { isUnsafe } from './same-origin.ts';
import { operatorOf } from './session.ts';

/** Its scripts alone run; it asks for fonts elsewhere, which it does not get; its style is set in places. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export interface BoardDependencies {
  verifyToken: VerifyToken;
  /** Opens the queues when they are asked for first. */
  queues: () => Promise<QueueStore>;
  deadLetters: DeadLetterService;
  jobs: JobService;
  audit: AuditService;
  log: Log;
}

/** Bull Board at `/admin/queues`: admins act, viewers look on, others are sent to the login page. */
export function boardRoutes(app: FastifyInstance, { verifyToken, queues, ...dependencies }: BoardDependencies): void {
  const visitors = new WeakMap<object, Identity>();
  let board: Promise<FastifyInstance> | undefined;

  async function open(): Promise<FastifyInstance> {
    const { createBoardApp } = await import('./board-app.ts');
    return createBoardApp({ ...dependencies, queues: await queues(), visitor });
  }

  function visitor(request: object): Identity {
    const identity = visitors.get(request);
    if (identity === undefined) throw new AppError('unauthorized');
    return identity;
  }

  function ready(): Promise<FastifyInstance> {
    board ??= open().catch((error: unknown) => {
      board = undefined;
      throw error;
    });
    return board;
  }

  // The body is the board's to read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  app.addHook('onRequest', async (request, reply) => {
    try {
      const identity = await operatorOf(request, verifyToken);
      if (isUnsafe(request.method) && !hasRole(identity, 'admin')) throw new AppError('forbidden', { needed_role: 'admin' });
      visitors.set(request.raw, identity);
    } catch (error) {
      if (!(error instanceof AppError) || !wantsPage(request)) throw error;
      return reply.redirect('/admin/login', 302);
    }
  });

  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { routing } = await ready();
    reply.hijack();
    const { raw } = reply;
    raw.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    routing(request.raw, raw);
  };
  for (const url of ['/admin/queues', '/admin/queues/*']) app.route({ method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], url, handler: show });
  app.addHook('onClose', async () => {
    const opened = await board?.catch(() => undefined);
    await opened?.close();
  });
}

/** A navigation of a browser, which shows a page; the board's own calls get their error as JSON. */
function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}
