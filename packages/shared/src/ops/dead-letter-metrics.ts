import { countDeadLetters } from '../dead-letters/index.ts';
import type { Database } from '../db/index.ts';
import type { Metrics } from './metrics.ts';

/** Shows how many dead letters there are. */
export function watchDeadLetters(metrics: Metrics, db: Database): void {
  metrics.gauge({
    name: 'dead_letters',
    help: 'Events and jobs that failed for good, by the consumer group or queue that they come from.',
    labels: ['kind', 'origin'],
    async read() {
      const counted = await countDeadLetters(db);
      return counted.map(({ kind, origin, letters }) => ({ labels: { kind, origin }, value: letters }));
    },
  });
}
