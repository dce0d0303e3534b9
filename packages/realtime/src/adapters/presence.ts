import type { Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import type { Log, Service } from '@armoricore/shared/kernel';
import type { Metrics } from '@armoricore/shared/ops';
import type { Identity } from '../auth/identity.ts';
import { createPresenceChannel } from '../channels/presence.ts';
import { createPresenceReports } from '../domain/presence-reports.ts';
import { createRateLimiter } from '../domain/rate-limit.ts';
import { createUserPresenceService, type UserPresenceService } from '../domain/user-presence.ts';
import type { Channel, PubSub } from '../engine/index.ts';
import { createPresencePublisher, createUserPresenceRepository } from '../persistence/presence.ts';

export interface PresenceOptions {
  db: Database;
  bus: Bus;
  /** Between the nodes. */
  pubsub: PubSub;
  /** Open sockets of a user on all nodes. */
  socketsOf: (userId: string) => Promise<number>;
  metrics: Metrics;
  log: Log;
}

export interface PresenceParts {
  channel: Channel<Identity>;
  userPresence: UserPresenceService;
  services: Service[];
}

/** Puts the parts of presence together: of rooms, and of users. */
export function openPresence({ db, bus, pubsub, socketsOf, metrics, log }: PresenceOptions): PresenceParts {
  const reports = createPresenceReports({ publish: createPresencePublisher(db, bus), log });
  metrics.total({
    name: 'presence_reports_dropped_total',
    help: 'Changes of presence that were not published, as too many waited.',
    labels: [],
    read: () => [{ labels: {}, value: reports.dropped }],
  });
  return {
    channel: createPresenceChannel({ reports, limiter: createRateLimiter() }),
    userPresence: createUserPresenceService({
      repository: createUserPresenceRepository(db),
      reports,
      limiter: createRateLimiter(),
      socketsOf,
      announce: (activity) => pubsub.publish({ topic: `user:${activity.user_id}`, event: 'user_activity', payload: activity }),
    }),
    services: [reports.service],
  };
}
