import { QUEUES } from '@armoricore/shared/jobs';
import { AppError } from '@armoricore/shared/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Identity } from '../../auth/identity.ts';
import type { Act, Actor, AuditService } from '../../domain/audit.ts';
import { actorOf } from '../authenticate.ts';
import { parse } from '../parse.ts';
import type { BoardJobs } from './board-jobs.ts';
import { isUnsafe } from './same-origin.ts';

const name = z.string().max(256).regex(/^[^\0]*$/);
const paramsSchema = z.object({ queueName: z.enum(QUEUES).optional(), jobId: name.optional(), queueStatus: name.optional(), schedulerId: name.optional() });
type Params = z.infer<typeof paramsSchema>;

export interface ActDependencies {
  jobs: BoardJobs;
  audit: AuditService;
  visitor: (request: object) => Identity;
}

/**
 * What is done by way of the board is written down before it is done. Where Bull Board would touch jobs without regard to
 * their outcome, `BoardJobs` does it instead.
 */
export function useActs(app: FastifyInstance, { jobs, audit, visitor }: ActDependencies): void {
  app.addHook('preHandler', async (request, reply) => {
    const route = request.routeOptions.url;
    if (!isUnsafe(request.method) || route === undefined) return;
    const params = parse(paramsSchema, request.params);
    assertAllowed(route, params);
    const actor = actorOf(visitor(request.raw), request);
    await audit.record(actOf(route, params, request, actor));

    const { queueName, jobId = '' } = params;
    if (queueName === undefined) return;
    if (route.endsWith('/:jobId/retry')) {
      await jobs.retry(queueName, jobId, actor);
      return reply.status(204).send();
    }
    if (route.endsWith('/retry/:queueStatus')) return reply.send(await jobs.retryAll(queueName, actor));
    if (route.endsWith('/:jobId/clean')) {
      await jobs.remove(queueName, jobId, actor);
      return reply.status(204).send();
    }
  });
}

/** @throws AppError `forbidden` for what would make, change or lose jobs behind the back of the farm */
function assertAllowed(route: string, { queueStatus }: Params): void {
  // The board shows inputs redacted, and what it sends back would take their place unchecked.
  if (/\/(add|update-data)$/.test(route)) throw new AppError('forbidden', { why: 'Jobs are made by events.' });
  if (/\/(empty|obliterate)$/.test(route) || (route.endsWith('/clean/:queueStatus') && queueStatus !== 'completed' && queueStatus !== 'failed')) {
    throw new AppError('forbidden', { why: 'A job without an outcome is cancelled, not thrown away.' });
  }
  if (route.endsWith('/retry/:queueStatus') && queueStatus !== 'failed') throw new AppError('forbidden', { why: 'Only failed jobs are done again.' });
}

/** Like `queue.pause` on `queue:media`, or `queue.clean` on `job:<id>`: the fixed parts of the route after `queues`. */
function actOf(route: string, { queueName, jobId, ...others }: Params, { body }: FastifyRequest, actor: Actor): Act {
  const verb = route.split('/').slice(4).filter((part) => part !== 'queues' && !part.startsWith(':'));
  const subject = jobId === undefined ? `queue:${queueName ?? '*'}` : `job:${jobId}`;
  return { actor, action: ['queue', ...verb].join('.'), subject, details: { queue: queueName, ...others, ...plainFields(body) } };
}

/** The numbers and switches of a body, like a new limit. */
function plainFields(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(Object.entries(body).filter(([, value]) => typeof value === 'number' || typeof value === 'boolean'));
}
