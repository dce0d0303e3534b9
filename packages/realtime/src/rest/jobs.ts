import { z } from 'zod';
import type { JobService } from '../domain/jobs.ts';
import { actorOf } from './authenticate.ts';
import type { RestApp } from './route.ts';

/** A job's id is that of the event which asked for it. */
const jobId = z.uuid();

/** `POST /jobs/:id/cancel`. */
export function jobRoutes(app: RestApp, { jobs }: { jobs: JobService }): void {
  app.post(
    '/jobs/:id/cancel',
    {
      config: { access: ['admin'] },
      schema: {
        tags: ['operations'],
        summary: 'Cancel a job.',
        description: 'It ends with `job_cancelled` within a second, wherever it runs; one that has ended stays as it is.',
        params: z.object({ id: jobId.describe('The id of the event that asked for the job.') }),
        response: { 202: z.object({ job_id: jobId }) },
        errors: ['not_found'],
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await jobs.cancel(id, actorOf(request.identity, request));
      return reply.status(202).send({ job_id: id });
    },
  );
}
