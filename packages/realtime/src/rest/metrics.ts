import { AppError } from '@armoricore/shared/kernel';
import type { Metrics, MetricsAccess } from '@armoricore/shared/ops';
import { z } from 'zod';
import type { RestApp } from './route.ts';

export interface MetricsDependencies {
  metrics: Metrics;
  mayReadMetrics: MetricsAccess;
}

/** `GET /metrics` for Prometheus. */
export function metricsRoutes(app: RestApp, { metrics, mayReadMetrics }: MetricsDependencies): void {
  app.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        tags: ['probes'],
        summary: 'The metrics of this node, for Prometheus.',
        description: 'With `METRICS_TOKEN` as bearer token where that is set.',
        response: { 200: z.string() },
        produces: 'text/plain',
        errors: ['unauthorized'],
      },
    },
    async (request, reply) => {
      if (!mayReadMetrics(request.headers.authorization)) throw new AppError('unauthorized', { why: 'the metrics need their own token' });
      const { contentType, body } = await metrics.scrape();
      return reply.header('cache-control', 'no-store').type(contentType).send(body);
    },
  );
}
