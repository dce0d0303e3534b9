import { describeError, withDeadline, type Service } from '../kernel/index.ts';

export interface HealthReport {
  status: 'ok' | 'unavailable';
  checks: Record<string, { status: 'ok' } | { status: 'unavailable'; reason: string }>;
}

/** Asks every service that has a `ready` check, all at once, each for at most `timeoutMs`. */
export async function checkHealth(services: readonly Service[], timeoutMs = 2_000): Promise<HealthReport> {
  const checked = services.filter((service) => service.ready !== undefined);
  const results = await Promise.all(
    checked.map(async (service) => {
      try {
        await withDeadline(service.ready?.(), timeoutMs, `no answer within ${timeoutMs} ms`);
        return [service.name, { status: 'ok' as const }] as const;
      } catch (error) {
        return [service.name, { status: 'unavailable' as const, reason: describeError(error) }] as const;
      }
    }),
  );
  const allReady = results.every(([, { status }]) => status === 'ok');
  return { status: allReady ? 'ok' : 'unavailable', checks: Object.fromEntries(results) };
}
