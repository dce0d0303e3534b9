import { PRESENCE_STATUSES, type PresenceStatus } from '@armoricore/shared/events';
import { AppError, describeError, type Log, type Service } from '@armoricore/shared/kernel';

/** That a user's presence on a topic has changed. */
export interface PresenceChange {
  userId: string;
  topic: string;
  /** The status at the moment of asking. */
  read: () => PresenceStatus;
}

export interface PresenceReport {
  userId: string;
  topic: string;
  status: PresenceStatus;
}

export interface PresenceReports {
  /** Has a change published a moment later, merged with others of the same user and topic. */
  note(change: PresenceChange): void;
}

export interface PresenceReportOptions {
  /** Publishes `presence.update` for each, all or none. @throws AppError that is retryable when the bus does not answer */
  publish: (reports: readonly PresenceReport[]) => Promise<void>;
  log: Log;
  intervalMs?: number;
  /** Users and topics that may wait; what comes on top is dropped. */
  most?: number;
}

/** At most one report of a user and topic in this time, in ms. */
const INTERVAL_MS = 1_000;
const MOST_WAITING = 10_000;
/** Reports of one transaction. */
const BATCH = 500;

/** How present a user with devices of these statuses is: `offline` when there is none. */
export function mostPresent(statuses: readonly PresenceStatus[]): PresenceStatus {
  return PRESENCE_STATUSES.find((status) => statuses.includes(status)) ?? 'offline';
}

/**
 * Tells the bus of changes of presence. A client that comes and goes does not flood it: once a second what has changed is
 * told, as it is by then. While the bus does not answer, changes wait; those of a process that is killed are not told.
 */
export function createPresenceReports({ publish, log, intervalMs = INTERVAL_MS, most = MOST_WAITING }: PresenceReportOptions) {
  const waiting = new Map<string, PresenceChange>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let stopped = false;
  let dropped = 0;

  /** One that cannot be published, like a user whose name no store takes, must not hold up the others. */
  async function tell(reports: readonly PresenceReport[]): Promise<void> {
    try {
      await publish(reports);
    } catch (error) {
      if (error instanceof AppError && error.retryable) throw error;
      if (reports.length > 1) for (const report of reports) await tell([report]);
      else log.error({ ...reports[0], reason: describeError(error) }, 'a change of presence cannot be published');
    }
  }

  async function flush(): Promise<void> {
    const keys = [...waiting.keys()];
    for (let start = 0; start < keys.length; start += BATCH) {
      const batch = keys.slice(start, start + BATCH).map((key) => [key, waiting.get(key)!] as const);
      await tell(batch.map(([, { userId, topic, read }]) => ({ userId, topic, status: read() })));
      // What changed again meanwhile waits for the next time.
      for (const [key, change] of batch) if (waiting.get(key) === change) waiting.delete(key);
    }
  }

  function flushSoon(): void {
    timer ??= setTimeout(() => {
      flushing = flush()
        .catch((error: unknown) => log.warn({ reason: describeError(error), waiting: waiting.size }, 'changes of presence could not be published; trying again'))
        .finally(() => {
          timer = undefined;
          if (waiting.size > 0 && !stopped) flushSoon();
        });
    }, intervalMs);
  }

  return {
    note(change: PresenceChange): void {
      const key = JSON.stringify([change.userId, change.topic]);
      if (waiting.size >= most && !waiting.has(key)) {
        dropped += 1;
        return;
      }
      waiting.set(key, change);
      flushSoon();
    },

    /** Changes that were not told, as too many waited. */
    get dropped(): number {
      return dropped;
    },

    service: {
      name: 'presence reports',
      async stop() {
        stopped = true;
        clearTimeout(timer);
        await flushing;
        await flush();
      },
    } satisfies Service,
  };
}
