import type { Log, Service } from '@armoricore/shared/kernel';
import { checkHealth, healthReply } from '@armoricore/shared/ops';
import { z } from 'zod';
import type { RestApp } from './route.ts';

const tags = ['probes'] as const;
const status = z.enum(['ok', 'degraded', 'unavailable']);
const health = z.object({ status, checks: z.record(z.string(), z.object({ status })) }).meta({ id: 'Health' });

/** Probes: `live` says the process turns, `ready` that each dependency answers (503 otherwise), `/health` the same in words. */
export function healthRoutes(app: RestApp, services: readonly Service[], log: Log): void {
  app.get(
    '/health/live',
    { config: { access: 'public' }, schema: { tags, summary: 'Whether the process turns.', response: { 200: z.object({ status: z.literal('ok') }) } } },
    () => ({ status: 'ok' as const }),
  );
  for (const path of ['/health', '/health/ready']) {
    app.get(
      path,
      { config: { access: 'public' }, schema: { tags, summary: 'Whether each dependency answers.', response: { 200: health, 503: health } } },
      async (_request, reply) => {
        const report = await checkHealth(services);
        if (report.status !== 'ok') log.warn({ checks: report.checks }, 'not ready');
        const { code, body } = healthReply(report);
        return reply.status(code).header('cache-control', 'no-store').send(body);
      },
    );
  }
}
