import type { Database } from '@armoricore/shared/db';
import type { DeliveryState, PayloadOf } from '@armoricore/shared/events';
import { fullJitter, type Backoff } from '@armoricore/shared/kernel';
import { DEFAULT_CATEGORY, type Platform } from '@armoricore/shared/notifications';
import { forget } from './forget.ts';
import type { Gate, Held } from './gate.ts';
import { pushMessageOf } from './message.ts';
import type { MailMessage, Outcome, PushDevice, PushMessage } from './port.ts';
import type { UserProfile } from './profile.ts';
import type { MailRecipient, PushRecipient, Recipient } from './recipients.ts';
import type { Change, DeliveryStore, Due } from './store.ts';
import { digestWording, type Wording } from './texts.ts';

type Input = PayloadOf<'notification.requested'>;

/** Calls that told "later" until a delivery has failed. */
const MOST_ATTEMPTS = 8;
const BACKOFF: Backoff = { baseMs: 2_000, maxMs: 300_000 };
/** Least wait before the next call, in ms, so that an unlucky draw does not hammer. */
const LEAST_WAIT_MS = 250;

export type Gates = Partial<Record<Platform, Gate<PushDevice, PushMessage>>> & { email?: Gate<string, MailMessage> };

export interface DeliveryOptions {
  db: Database;
  store: DeliveryStore;
  gates: Gates;
  unsubscribeUrl: (userId: string, category: string) => string;
  defaultLocale: string;
  defaultTtlS: number;
  backoff?: Backoff | undefined;
  observe: (platform: string, outcome: Outcome['kind'] | 'held' | 'skipped') => void;
}

/** The notification that a delivery is part of. */
export interface Work {
  input: Input;
  jobId: string;
  profile: UserProfile;
  wording: Wording;
  /** When it was asked for. */
  askedAt: Date;
}

/** Makes one delivery, and writes down what became of it. */
export type Deliver = (work: Work, due: Due, recipient: Recipient | undefined) => Promise<void>;

export function createDeliver(options: DeliveryOptions): Deliver {
  const { db, store, gates, unsubscribeUrl, defaultLocale, defaultTtlS, backoff = BACKOFF, observe } = options;

  async function call(work: Work, recipient: Recipient, due: Due, leftS: number): Promise<Outcome | Held | null> {
    const { input, jobId, profile } = work;
    const gate = gates[recipient.platform];
    if (gate === undefined) return { kind: 'fail', reason: 'not_configured' };
    const wording = due.digest === null ? work.wording : await digestWording(db, due.digest, defaultLocale);
    const texts = wording.in(recipient.locale, profile.preferences.locale);
    const begin = (): Promise<boolean> => store.begin(due.id, jobId);
    if (recipient.channel === 'push') {
      const message = pushMessageOf(input, texts, { id: due.id, isDigest: due.digest !== null, leftS });
      return await (gate as Gate<PushDevice, PushMessage>).send(deviceOf(recipient), message, begin);
    }
    const unsubscribe = unsubscribeUrl(input.user_id, input.category ?? DEFAULT_CATEGORY);
    const mail: MailMessage = { id: due.id, subject: texts.subject, text: texts.body, html: texts.html, unsubscribeUrl: unsubscribe };
    return await (gate as Gate<string, MailMessage>).send((recipient as MailRecipient).email, mail, begin);
  }

  return async (work, pending, recipient) => {
    let due = pending;
    if (due.held) {
      const gathered = await store.gather(due.id);
      if (gathered === null) return;
      due = { ...due, ...gathered };
    }
    const end = (state: DeliveryState, reason: string | null, more: Partial<Change> = {}): Promise<void> =>
      store.settle({ id: due.id, state, reason, attempts: due.attempts, ...more });
    if (recipient === undefined) return await end('suppressed', 'device_gone');
    const leftMs = work.askedAt.getTime() + (work.input.ttl_s ?? defaultTtlS) * 1_000 - Date.now();
    // What is to be delivered at once or never (`ttl_s: 0`) gets one chance.
    if (leftMs <= 0 && (due.attempts > 0 || work.input.ttl_s !== 0)) return await end('failed', 'expired');

    const outcome = await call(work, recipient, due, Math.max(0, Math.floor(leftMs / 1_000)));
    observe(recipient.platform, outcome?.kind ?? 'skipped');
    switch (outcome?.kind) {
      case undefined:
        return undefined;
      case 'sent':
        return await end('sent', null, { providerId: outcome.id?.slice(0, 256) });
      case 'fail':
        return await end('failed', outcome.reason);
      case 'drop':
        return await store.settleWith({ id: due.id, state: 'dropped', reason: outcome.reason, attempts: due.attempts }, (tx) =>
          forget(tx, recipient, work.input.user_id, work.askedAt),
        );
      case 'misconfigured':
        return await end('pending', 'misconfigured', { waitMs: LEAST_WAIT_MS });
      case 'held':
        return await end('pending', outcome.reason, { waitMs: Math.max(LEAST_WAIT_MS, outcome.afterMs * (1 + Math.random() / 10)) });
      case 'retry': {
        const attempts = due.attempts + 1;
        if (attempts >= MOST_ATTEMPTS) return await end('failed', outcome.reason, { attempts });
        const waitMs = Math.max(LEAST_WAIT_MS, outcome.afterMs ?? fullJitter(backoff, attempts));
        return await end('pending', outcome.reason, { attempts, waitMs });
      }
    }
  };
}

function deviceOf({ target, registeredAt }: PushRecipient): PushDevice {
  return { target: target!, registeredAt };
}
