import { sql } from 'drizzle-orm';
import type { Transaction } from '@armoricore/shared/db';
import { MOST_TOLD_DELIVERIES, type PayloadOf } from '@armoricore/shared/events';
import type { AppError } from '@armoricore/shared/kernel';

type Input = PayloadOf<'notification.requested'>;
type Sent = PayloadOf<'notification.sent'>;
type Failed = PayloadOf<'notification.failed'>;

/** Bytes of data that an event tells of; larger data is in the list of notifications. */
const MOST_DATA = 16 * 1024;

/** Closes a notification, and what is told of it. */
export async function finish(tx: Transaction, { notification_id: id, user_id, data }: Input): Promise<Sent> {
  const { rows } = await tx.execute<Finished>(sql`
    WITH closed AS (
      UPDATE notifications SET finished_at = coalesce(finished_at, now()) WHERE id = ${id} RETURNING category, title, body
    ),
    ended AS (
      SELECT id, channel, device_id, state, reason FROM notification_deliveries WHERE notification_id = ${id} AND state NOT IN ('pending', 'sending')
    )
    SELECT (SELECT to_jsonb(closed) FROM closed) AS texts,
           (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM (SELECT state, count(*) AS n FROM ended GROUP BY state) AS s) AS counts,
           (SELECT coalesce(jsonb_agg(t), '[]') FROM (
             SELECT channel, device_id, state, reason FROM ended ORDER BY state = 'sent', state = 'suppressed', id LIMIT ${MOST_TOLD_DELIVERIES}
           ) AS t) AS told`);
  const { texts, counts, told } = rows[0]!;
  const small = Buffer.byteLength(JSON.stringify(data)) <= MOST_DATA;
  return {
    notification_id: id,
    user_id,
    ...texts,
    ...(small ? { data } : {}),
    counts: { sent: 0, failed: 0, dropped: 0, suppressed: 0, ...counts },
    deliveries: told.map(({ channel, device_id, state, reason }) => ({
      channel,
      status: state,
      ...(device_id === null ? {} : { device_id }),
      ...(reason === null ? {} : { reason }),
    })),
  };
}

/** Ends what is left of a notification whose job has failed or was cancelled. */
export async function giveUp(tx: Transaction, input: Input, error: AppError): Promise<Failed> {
  await tx.execute(sql`
    UPDATE notification_deliveries SET state = 'failed', reason = ${error.code}, held = false, updated_at = now()
    WHERE notification_id = ${input.notification_id} AND state IN ('pending', 'sending')`);
  return { ...(await finish(tx, input)), reason: error.code, message: error.message };
}

interface Finished extends Record<string, unknown> {
  /** Null when it was never planned: its template is wrong. */
  texts: { category: string; title: string; body: string } | null;
  counts: Partial<NonNullable<Sent['counts']>>;
  told: { channel: 'push' | 'email'; device_id: string | null; state: 'sent' | 'failed' | 'dropped' | 'suppressed'; reason: string | null }[];
}
