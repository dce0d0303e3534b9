import { AppError } from '@armoricore/shared/kernel';
import type { Metrics, MetricsAccess } from '@armoricore/shared/ops';
import type { FastifyInstance } from 'fastify';

export interface MetricsDependencies {
  metrics: Metrics;
  mayReadMetrics: MetricsAccess;
}

/** `GET /metrics` for Prometheus. */
export function metricsRoutes(app: FastifyInstance, { metrics, mayReadMetrics }: MetricsDependencies): void {
  app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(request.headers.authorization)) throw new AppError('unauthorized', { why: 'the metrics need their own token' });
    const { contentType, body } = await metrics.scrape();
    return reply.header('cache-control', 'no-store').type(contentType).send(body);
  });
}
