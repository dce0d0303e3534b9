import type { BusEvent } from '@armoricore/shared/events';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import type { AnalyticsDay, AnalyticsQuery, COUNTED_EVENTS } from '../contracts/analytics.ts';

export type CountedEvent = BusEvent<(typeof COUNTED_EVENTS)[number]>;

/** What is kept of an event: never what people wrote. */
export interface AnalyticsRecord {
  eventId: string;
  type: string;
  at: Date;
  userId: string;
  details: Record<string, unknown>;
}

export interface AnalyticsRepository {
  /** Adds up to so many events to the sums of their days: how many there were. 0, too, when another process is at it. */
  count(most: number): Promise<number>;
  /** Adds new messages of up to so many conversations: how many conversations there were. 0, too, when another process is at it. */
  countMessages(most: number): Promise<number>;
  /** Removes up to so many events that happened before: how many there were. 0, too, when another process is at it. */
  prune(before: Date, most: number): Promise<number>;
  daily(query: AnalyticsQuery): Promise<AnalyticsDay[]>;
}

export function recordOf(event: CountedEvent): AnalyticsRecord {
  const { event_id: eventId, event_type: type, timestamp } = event;
  return { eventId, type, at: new Date(timestamp), ...aboutOf(event) };
}

function aboutOf(event: CountedEvent): Pick<AnalyticsRecord, 'userId' | 'details'> {
  switch (event.event_type) {
    case 'presence.update': {
      const { user_id, status, topic } = event.payload;
      return { userId: user_id, details: { status, topic } };
    }
    case 'media.ready':
      return { userId: event.payload.user_id, details: { media_id: event.payload.media_id, duration_ms: event.payload.duration_ms } };
    case 'media.failed':
      return { userId: event.payload.user_id, details: { media_id: event.payload.media_id, reason: event.payload.reason } };
  }
}

export interface AnalyticsOptions {
  repository: AnalyticsRepository;
  retentionDays: number;
  log: Log;
  /** How often events are counted, and how often old ones are removed, in ms. */
  countEveryMs?: number;
  messagesEveryMs?: number;
  pruneEveryMs?: number;
}

const COUNT_EVERY_MS = 2_000;
/** To look for them costs a scan of the conversations. */
const MESSAGES_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = 600_000;
const DAY_MS = 86_400_000;
const BATCH = 5_000;
const CONVERSATIONS = 500;

/** Keeps the daily sums, and removes events that are older than what is kept: after they were counted, in bounded steps. */
export function createAnalytics(options: AnalyticsOptions) {
  const { repository, retentionDays, log, countEveryMs = COUNT_EVERY_MS, messagesEveryMs = MESSAGES_EVERY_MS, pruneEveryMs = PRUNE_EVERY_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const done = new Map<'messages' | 'prune', number>();
  let stopped = false;

  async function whileMore(most: number, step: (most: number) => Promise<number>): Promise<void> {
    while (!stopped && (await step(most)) === most);
  }

  function isDue(what: 'messages' | 'prune', everyMs: number): boolean {
    const now = performance.now();
    if (now - (done.get(what) ?? -Infinity) < everyMs) return false;
    done.set(what, now);
    return true;
  }

  async function work(): Promise<void> {
    await whileMore(BATCH, repository.count);
    if (isDue('messages', messagesEveryMs)) await whileMore(CONVERSATIONS, repository.countMessages);
    if (!isDue('prune', pruneEveryMs)) return;
    const before = new Date(Date.now() - retentionDays * DAY_MS);
    await whileMore(BATCH, (most) => repository.prune(before, most));
  }

  const schedule = (): void => {
    timer = setTimeout(() => {
      working = work()
        .catch((error: unknown) => log.warn({ reason: describeError(error) }, 'events could not be counted; trying again'))
        .finally(() => stopped || schedule());
    }, countEveryMs);
  };

  return {
    /** The sums of days, some seconds late. */
    daily: (query: AnalyticsQuery): Promise<AnalyticsDay[]> => repository.daily(query),

    service: {
      name: 'analytics',
      start: schedule,
      async stop() {
        stopped = true;
        clearTimeout(timer);
        await working;
      },
    } satisfies Service,
  };
}

export type Analytics = ReturnType<typeof createAnalytics>;
