import type { Bus, Observe } from '../bus/index.ts';
import { EVENT_TYPES } from '../events/index.ts';
import type { Metrics } from './metrics.ts';

const KNOWN: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Counts what becomes of events. The type of an event that has none of ours is told as `unknown`. */
export function observeBus(metrics: Metrics): Observe {
  const count = metrics.counter({
    name: 'bus_events_total',
    help: 'Events of the bus by what became of them; group is empty for what was published.',
    labels: ['group', 'type', 'outcome'],
  });
  return ({ group = '', type, outcome }) => count({ group, type: KNOWN.has(type) ? type : 'unknown', outcome });
}

/** Shows how many events each of these groups has yet to handle. */
export function watchBus(metrics: Metrics, bus: Bus, groups: readonly string[]): void {
  metrics.gauge({
    name: 'bus_backlog_events',
    help: 'Events that a consumer group has not handled yet.',
    labels: ['group'],
    read: () => Promise.all(groups.map(async (group) => ({ labels: { group }, value: await bus.backlog(group) }))),
  });
}
