import type { Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import type { Log, Service } from '@armoricore/shared/kernel';
import { createAnalyticsBridge } from '../bridge/analytics.ts';
import { createAnalytics, type Analytics } from '../domain/analytics.ts';
import { createBatchWriter } from '../domain/batch-writer.ts';
import { createAnalyticsLog, createAnalyticsRepository } from '../persistence/analytics.ts';

export interface AnalyticsParts {
  analytics: Analytics;
  services: Service[];
}

/** Puts the parts of analytics together: events land in a table, and are counted there. */
export function openAnalytics({ db, bus, retentionDays, log }: { db: Database; bus: Bus; retentionDays: number; log: Log }): AnalyticsParts {
  const writer = createBatchWriter({ log: createAnalyticsLog(db, retentionDays), announce: () => undefined, what: 'an event to be counted', logger: log });
  const analytics = createAnalytics({ repository: createAnalyticsRepository(db), retentionDays, log });
  return { analytics, services: [createAnalyticsBridge(bus, writer.write), analytics.service] };
}
