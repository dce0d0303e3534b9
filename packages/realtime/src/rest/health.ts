import type { Service } from '@armoricore/shared/kernel';
import { checkHealth } from '@armoricore/shared/ops';
import type { FastifyInstance } from 'fastify';

/** Probes: `live` says the process turns, `ready` that each dependency answers (503 otherwise), `/health` the same in words. */
export function healthRoutes(app: FastifyInstance, services: readonly Service[]): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, async (_request, reply) => {
      const report = await checkHealth(services);
      return reply.status(report.status === 'ok' ? 200 : 503).header('cache-control', 'no-store').send(report);
    });
  }
}
