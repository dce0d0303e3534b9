import { QUEUES } from '@armoricore/shared/jobs';
import { describeError, toAppError, type Log } from '@armoricore/shared/kernel';
import type { QueueStore } from '@armoricore/shared/queues';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { fastify, type FastifyInstance } from 'fastify';
import { hasRole, type Identity } from '../../auth/identity.ts';
import type { AuditService } from '../../domain/audit.ts';
import type { DeadLetterService } from '../../domain/dead-letters.ts';
import type { JobService } from '../../domain/jobs.ts';
import { useErrorReplies } from '../errors.ts';
import { useActs } from './board-acts.ts';
import { createBoardJobs } from './board-jobs.ts';
import { pageOf, viewOf } from './board-view.ts';

export const BOARD_PATH = '/admin/queues';
const BODY_LIMIT = 64 * 1024;

export interface BoardOptions {
  queues: QueueStore;
  deadLetters: DeadLetterService;
  jobs: JobService;
  audit: AuditService;
  log: Log;
  /** Who sent a request; asked for requests that were let in. */
  visitor: (request: object) => Identity;
}

/**
 * Bull Board as an application of its own, so that it is loaded when somebody looks. Requests come with a visitor who may look;
 * who may not act was refused before.
 */
export async function createBoardApp({ queues, deadLetters, jobs, audit, log, visitor }: BoardOptions): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: BODY_LIMIT, routerOptions: { maxParamLength: 512 } });
  useErrorReplies(app, log);
  useActs(app, { jobs: createBoardJobs({ queues, deadLetters, jobs }), audit, visitor });
  app.addHook('preSerialization', async (request, _reply, body: unknown) =>
    viewOf(request.routeOptions.url ?? '', body, { readOnly: !hasRole(visitor(request.raw), 'admin') }),
  );

  app.addHook('onSend', async (_request, reply, body: unknown) =>
    typeof body === 'string' && String(reply.getHeader('content-type')).startsWith('text/html') ? pageOf(body) : body,
  );

  const adapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: QUEUES.map((name) => new BullMQAdapter(queues.queue(name))),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Armoricore',
        hideDocsLink: true,
        showWorkers: false, // Workers share connections, so that Redis cannot tell their names.
        miscLinks: [{ text: 'Account', url: '/admin/login' }],
      },
    },
  });
  adapter.setErrorHandler((thrown) => {
    const error = toAppError(thrown);
    if (error.status >= 500) log.error({ reason: describeError(error) }, 'the board failed');
    // The page shows both texts, one under the other.
    return { status: error.status as 500, body: { reason: error.code, error: { key: error.message }, message: error.details['why'] } };
  });
  await app.register(adapter.registerPlugin(), { prefix: BOARD_PATH });
  await app.ready();
  return app;
}
