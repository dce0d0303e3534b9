import { describeError, withDeadline, type Breaker, type Service } from '../kernel/index.ts';

export type Check = { status: 'ok' } | { status: 'degraded' | 'unavailable'; reason: string };

export interface HealthReport {
  /** The worst of the checks. */
  status: Check['status'];
  checks: Record<string, Check>;
}

export interface HealthOptions {
  /** How long each service may take to answer, in ms; default 2,000. */
  timeoutMs?: number;
  /**
   * Services that the process can do without for a while: one that does not answer, or whose breaker is not closed, is
   * `degraded`. A service is the breaker's by its name.
   */
  breakers?: readonly Breaker[];
}

/** Asks every service that has a `ready` check, all at once. */
export async function checkHealth(services: readonly Service[], { timeoutMs = 2_000, breakers = [] }: HealthOptions = {}): Promise<HealthReport> {
  const spared = new Set(breakers.map(({ name }) => name));
  const asked = services.filter((service) => service.ready !== undefined && !breakers.some((breaker) => breaker.name === service.name && isOpen(breaker)));
  const answers = await Promise.all(asked.map(async (service): Promise<[string, Check]> => [service.name, await ask(service, timeoutMs)]));
  const checks: Record<string, Check> = Object.fromEntries(
    answers.map(([name, check]) => [name, check.status === 'unavailable' && spared.has(name) ? { ...check, status: 'degraded' } : check]),
  );
  for (const breaker of breakers.filter(isOpen)) checks[breaker.name] = { status: 'degraded', reason: `its breaker is ${breaker.state}` };
  const found = new Set(Object.values(checks).map(({ status }) => status));
  return { status: found.has('unavailable') ? 'unavailable' : found.has('degraded') ? 'degraded' : 'ok', checks };
}

/** What a probe is told: the states alone. */
export interface HealthBody {
  status: Check['status'];
  checks: Record<string, Pick<Check, 'status'>>;
}

/** A report as a probe is answered: without the reasons, which name hosts and ports and are for the log. */
export function healthReply({ status, checks }: HealthReport): { code: 200 | 503; body: HealthBody } {
  const shown = Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, { status: check.status }]));
  return { code: status === 'unavailable' ? 503 : 200, body: { status, checks: shown } };
}

async function ask(service: Service, timeoutMs: number): Promise<Check> {
  try {
    await withDeadline(service.ready?.(), timeoutMs, `no answer within ${timeoutMs} ms`);
    return { status: 'ok' };
  } catch (error) {
    return { status: 'unavailable', reason: describeError(error) };
  }
}

function isOpen({ state }: Breaker): boolean {
  return state !== 'closed';
}
