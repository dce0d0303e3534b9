import type { Log, Service } from '@armoricore/shared/kernel';
import { checkHealth } from '@armoricore/shared/ops';
import type { FastifyInstance } from 'fastify';

/** Probes: `live` says the process turns, `ready` that each dependency answers (503 otherwise), `/health` the same in words. */
export function healthRoutes(app: FastifyInstance, services: readonly Service[], log: Log): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, async (_request, reply) => {
      const { status, checks } = await checkHealth(services);
      if (status !== 'ok') log.warn({ checks }, 'not ready');
      // The reasons name hosts and ports: they are for the log.
      const shown = Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, { status: check.status }]));
      return reply.status(status === 'ok' ? 200 : 503).header('cache-control', 'no-store').send({ status, checks: shown });
    });
  }
}
