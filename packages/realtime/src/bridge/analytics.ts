import { consumerService, type Bus } from '@armoricore/shared/bus';
import type { Service } from '@armoricore/shared/kernel';
import { COUNTED_EVENTS } from '../contracts/analytics.ts';
import { recordOf, type AnalyticsRecord } from '../domain/analytics.ts';

/** Events of the group that are handled at once: they are written together. */
const CONCURRENCY = 64;

/** Hands events that are counted to `land`, which resolves when what is kept of one is durable; the same one may come twice. */
export function createAnalyticsBridge(bus: Bus, land: (record: AnalyticsRecord) => Promise<unknown>): Service {
  return consumerService('analytics intake', bus, {
    group: 'analytics',
    types: COUNTED_EVENTS,
    concurrency: CONCURRENCY,
    handler: async (event) => void (await land(recordOf(event))),
  });
}
