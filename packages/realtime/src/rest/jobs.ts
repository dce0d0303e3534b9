import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { JobService } from '../domain/jobs.ts';
import { actorOf, requireRole, type Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

/** A job's id is that of the event which asked for it. */
const idSchema = z.object({ id: z.uuid() });

/** `POST /jobs/:id/cancel`. */
export function jobRoutes(app: FastifyInstance, { jobs, authenticate }: { jobs: JobService; authenticate: Authenticate }): void {
  app.post('/jobs/:id/cancel', async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'admin');
    const { id } = parse(idSchema, request.params);
    await jobs.cancel(id, actorOf(identity, request));
    return reply.status(202).send({ job_id: id });
  });
}
