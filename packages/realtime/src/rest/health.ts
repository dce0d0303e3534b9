import type { Log, Service } from '@armoricore/shared/kernel';
import { checkHealth, healthReply } from '@armoricore/shared/ops';
import type { FastifyInstance } from 'fastify';

/** Probes: `live` says the process turns, `ready` that each dependency answers (503 otherwise), `/health` the same in words. */
export function healthRoutes(app: FastifyInstance, services: readonly Service[], log: Log): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, async (_request, reply) => {
      const report = await checkHealth(services);
      if (report.status !== 'ok') log.warn({ checks: report.checks }, 'not ready');
      const { code, body } = healthReply(report);
      return reply.status(code).header('cache-control', 'no-store').send(body);
    });
  }
}
