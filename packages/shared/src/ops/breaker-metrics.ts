import type { Breaker, BreakerState } from '../kernel/index.ts';
import type { Metrics } from './metrics.ts';

const LEVELS: Record<BreakerState, number> = { closed: 0, half_open: 1, open: 2 };

/** Shows the state of circuit breakers. */
export function watchBreakers(metrics: Metrics, breakers: readonly Breaker[]): void {
  metrics.gauge({
    name: 'breaker_state',
    help: 'Circuit breaker of an outside service: 0 closed, 1 half open, 2 open.',
    labels: ['service'],
    read: () => breakers.map(({ name, state }) => ({ labels: { service: name }, value: LEVELS[state] })),
  });
  const changes = metrics.counter({ name: 'breaker_changes_total', help: 'Changes of circuit breakers into a state.', labels: ['service', 'state'] });
  for (const { name, onChange } of breakers) onChange((state) => changes({ service: name, state }));
}
