export { checkHealth, healthReply, type Check, type HealthOptions, type HealthReport } from './health.ts';
export { watchBreakers } from './breaker-metrics.ts';
export { observeBus, watchBus } from './bus-metrics.ts';
export { watchDeadLetters } from './dead-letter-metrics.ts';
export { observeJobs, watchQueues } from './job-metrics.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { createMetricsAccess, type MetricsAccess } from './metrics-access.ts';
