import { sql } from 'drizzle-orm';
import type { Database } from '@armoricore/shared/db';
import type { DeliveryState, PayloadOf } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { DEFAULT_CATEGORY, preferenceOf, quietUntil, type Texts } from '@armoricore/shared/notifications';
import type { UserProfile } from './profile.ts';
import type { Recipient } from './recipients.ts';
import { NOW, type Due } from './store.ts';

type Input = PayloadOf<'notification.requested'>;

const RATE_WINDOW_MS = 60_000;

export interface Planning {
  input: Input;
  jobId: string;
  profile: UserProfile;
  recipients: readonly Recipient[];
  /** As the user reads it in the list. */
  texts: Texts;
  /** Notifications that a user gets in a minute before they pile up. */
  perMinute: number;
}

/** What is decided of all recipients of a notification when it comes. */
interface Terms {
  /** Null for at once. */
  dueAt: Date | null;
  held: boolean;
  /** Why nothing is sent; null when it is. */
  suppressed: string | null;
}

/**
 * Writes down a notification and one delivery for each recipient, in one statement: after a crash it is all there or nothing is.
 * Returns those that are due now; null when the notification was planned before, which stays as it is.
 */
export async function plan(db: Database, { input, jobId, profile, recipients, texts, perMinute }: Planning): Promise<Due[] | null> {
  const { notification_id: id, user_id: userId, category = DEFAULT_CATEGORY, data } = input;
  const preference = preferenceOf(profile.preferences, category);
  const terms = await termsOf(db, input, profile, perMinute);
  const rows = recipients.map((recipient) => {
    const suppressed = preference[recipient.channel] ? terms.suppressed : 'switched_off';
    const state: DeliveryState = recipient.fault !== undefined ? 'failed' : suppressed !== null ? 'suppressed' : 'pending';
    return { ...recipient, state, reason: recipient.fault ?? suppressed, held: terms.held && state === 'pending' };
  });
  const column = <T>(pick: (row: (typeof rows)[number]) => T) => sql.param(rows.map(pick));
  const { rows: [planned] } = await db.execute<{ made: boolean; due: DueRow[] }>(sql`
    WITH made AS (
      INSERT INTO notifications (id, user_id, category, title, body, data)
      VALUES (${id}, ${userId}, ${category}, ${texts.title}, ${texts.body}, ${JSON.stringify(data)}::jsonb)
      ON CONFLICT DO NOTHING RETURNING id
    ),
    inserted AS (
      INSERT INTO notification_deliveries (id, notification_id, user_id, channel, device_key, device_id, platform, address, state, reason, held, job_id, due_at)
      SELECT r.id, made.id, ${userId}, r.channel, r.key, r.device_id, r.platform, r.address, r.state, r.reason, r.held, ${jobId}, coalesce(${terms.dueAt?.toISOString() ?? null}::timestamptz, now())
      FROM made, unnest(
        ${column(() => newId())}::uuid[], ${column(({ channel }) => channel)}::text[], ${column(({ key }) => key)}::text[],
        ${column(({ deviceId }) => deviceId)}::uuid[], ${column(({ platform }) => platform)}::text[], ${column(({ shown }) => shown)}::text[],
        ${column(({ state }) => state)}::text[], ${column(({ reason }) => reason ?? null)}::text[], ${column(({ held }) => held)}::boolean[]
      ) AS r (id, channel, key, device_id, platform, address, state, reason, held)
      RETURNING id, device_key, state, held, due_at
    )
    SELECT EXISTS (SELECT FROM made) AS made,
           (SELECT coalesce(jsonb_agg(i ORDER BY id), '[]') FROM inserted i WHERE state = 'pending' AND due_at <= ${NOW}) AS due`);
  if (planned?.made !== true) return null;
  return planned.due.map(({ id: deliveryId, device_key, held }) => ({ id: deliveryId, deviceKey: device_key, attempts: 0, held, digest: null }));
}

interface DueRow {
  id: string;
  device_key: string;
  held: boolean;
}

async function termsOf(db: Database, input: Input, { preferences }: UserProfile, perMinute: number): Promise<Terms> {
  if (input.urgent === true || input.kind === 'voip') return { dueAt: null, held: false, suppressed: null };
  const { quiet } = preferenceOf(preferences, input.category ?? DEFAULT_CATEGORY);
  const quietEnd = preferences.quiet_hours === null || quiet === 'send' ? null : quietUntil(new Date(), preferences.quiet_hours);
  if (quietEnd !== null) return { dueAt: quietEnd, held: true, suppressed: quiet === 'drop' ? 'quiet_hours' : null };
  const roomAt = await takeTurn(db, input, perMinute);
  return { dueAt: roomAt, held: roomAt !== null, suppressed: null };
}

/** Counts a notification of the user's minute, unless it was planned before; when that is full, tells when the next one begins. */
async function takeTurn(db: Database, { notification_id: id, user_id: userId }: Input, perMinute: number): Promise<Date | null> {
  const window = sql`${RATE_WINDOW_MS} * interval '1 millisecond'`;
  const { rows } = await db.execute<{ count: number; until: Date | string }>(sql`
    INSERT INTO notification_rates AS r (user_id, since, count) SELECT ${userId}, now(), 1 WHERE NOT EXISTS (SELECT FROM notifications WHERE id = ${id})
    ON CONFLICT (user_id) DO UPDATE SET
      since = CASE WHEN r.since <= now() - ${window} THEN now() ELSE r.since END,
      count = CASE WHEN r.since <= now() - ${window} THEN 1 ELSE r.count + 1 END
    RETURNING count, since + ${window} AS until`);
  const { count = 0, until = '' } = rows[0] ?? {};
  return count > perMinute ? new Date(until) : null;
}
