export { checkHealth, type HealthReport } from './health.ts';
