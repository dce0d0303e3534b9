import type { Database } from '@armoricore/shared/db';
import type { PayloadOf } from '@armoricore/shared/events';
import { notificationSend } from '@armoricore/shared/jobs';
import { AppError } from '@armoricore/shared/kernel';
import { defineJob, Postponed, type Job, type JobContext } from '../core/index.ts';
import { createDeliver, type DeliveryOptions, type Work } from './deliver.ts';
import { plan } from './plan.ts';
import { loadProfile } from './profile.ts';
import { recipientsOf, type Recipient } from './recipients.ts';
import { finish, giveUp } from './results.ts';
import { createDeliveryStore, type DeliveryStore, type Due } from './store.ts';
import { wordingOf } from './texts.ts';

type Input = PayloadOf<'notification.requested'>;

/** Deliveries of one notification that are made at once. */
const AT_ONCE = 32;
/** Longest run; a notification for thousands of devices takes several at a slow provider. */
const TIME_LIMIT_MS = 5 * 60_000;
/** Longest rest, in ms: what was put off until tomorrow may have been read, or cancelled. */
const LONGEST_REST_MS = 24 * 3600 * 1000;

export interface NotificationJobOptions extends Omit<DeliveryOptions, 'store'> {
  db: Database;
  /** Notifications that a user gets in a minute before they pile up into a digest. */
  perMinute: number;
}

/**
 * Delivers a notification to each of its devices and addresses once. It is planned first, one row for each; then every row is
 * taken to its end. While some have to wait the job rests in its queue, so nothing is lost with a process.
 */
export function createNotificationJob(options: NotificationJobOptions): Job<Input, void> {
  const { db, defaultLocale, perMinute } = options;
  const store: DeliveryStore = createDeliveryStore(db);
  const deliver = createDeliver({ ...options, store });

  async function deliverAll(due: readonly Due[], work: Work, recipients: readonly Recipient[], { signal }: JobContext): Promise<void> {
    const byKey = new Map(recipients.map((recipient) => [recipient.key, recipient]));
    const queue = due.values();
    const failures: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (const one of queue) {
        if (signal.aborted || failures.length > 0) return;
        await deliver(work, one, byKey.get(one.deviceKey)).catch((error: unknown) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, worker));
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
  }

  async function dueAgain(notificationId: string, jobId: string): Promise<Due[]> {
    await store.recover(notificationId, jobId);
    return await store.due(notificationId);
  }

  return defineJob(notificationSend, {
    timeLimitMs: TIME_LIMIT_MS,
    source: 'notification-worker',
    async run(input, context) {
      const { jobId } = context;
      const id = input.notification_id;
      const [profile, wording] = await Promise.all([loadProfile(db, input.user_id), wordingOf(db, input, defaultLocale)]);
      const recipients = recipientsOf(input, profile);
      const work: Work = { input, jobId, profile, wording, askedAt: timeOf(jobId) };
      const texts = wording.in(profile.preferences.locale, profile.devices[0]?.locale);
      const planned = await plan(db, { input, jobId, profile, recipients, perMinute, texts });
      await deliverAll(planned ?? (await dueAgain(id, jobId)), work, recipients, context);
      const { nextInMs, sent, lost } = await store.standing(id);
      if (nextInMs !== null) throw new Postponed('some of its deliveries are due later', Math.min(nextInMs, LONGEST_REST_MS));
      if (sent === 0 && lost > 0) throw new AppError('not_delivered');
    },
    done: (tx, input) => finish(tx, input),
    failed: (tx, input, error) => giveUp(tx, input, error),
  });
}

/** When the event was made that asked for a job, by its id (RFC 9562 §5.7); now, when that tells no time. */
function timeOf(jobId: string): Date {
  const [, high = '', low = ''] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i.exec(jobId) ?? [];
  return new Date(high === '' ? Date.now() : Math.min(Date.now(), Number.parseInt(high + low, 16)));
}
