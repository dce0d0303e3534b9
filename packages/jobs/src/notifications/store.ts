import { sql, type SQL } from 'drizzle-orm';
import type { Database, DeliveryRow, Transaction } from '@armoricore/shared/db';
import type { DeliveryState } from '@armoricore/shared/events';
import { batched } from '@armoricore/shared/kernel';

/** A delivery whose call a worker did not live to see answered is called once more; if that happens again, nobody knows, and it ends. */
const MOST_CRASHES = 1;
/** A delivery that another job has been sending for so long was left behind by it. */
const ABANDONED = sql`interval '10 minutes'`;
/** Deliveries whose state is written together, and such writes at once. */
const BATCH = { max: 256, enough: 4, gatherMs: 2, parallel: 4 };

/** The time in the precision of `due_at`, which is rounded when it is written: what became due now would else be so half a millisecond later. */
export const NOW = sql`now()::timestamptz(3)`;

/** A delivery that is still to be made. */
export type Due = Pick<DeliveryRow, 'id' | 'deviceKey' | 'attempts' | 'held' | 'digest'>;

/** What a call, or its going without, changes. */
export interface Change {
  id: string;
  state: DeliveryState;
  reason: string | null;
  providerId?: string | undefined;
  attempts: number;
  /** How long a pending one waits, in ms. */
  waitMs?: number | undefined;
}

export interface DeliveryStore {
  /**
   * Puts right what an earlier run of the job, or a job for the same notification, left: what was being sent is pending again, or
   * has failed when that happened before. What failed is tried anew when another job asks for it.
   */
  recover(notificationId: string, jobId: string): Promise<void>;
  due(notificationId: string): Promise<Due[]>;
  /** Marks a delivery as being sent. False when it is not to be sent any more: it was read meanwhile, or another has it. */
  begin(id: string, jobId: string): Promise<boolean>;
  /** Writes what became of a delivery, unless it has ended. */
  settle(change: Change): Promise<void>;
  /** The same in one transaction with `also`, so that no crash leaves one without the other. */
  settleWith(change: Change, also: (tx: Transaction) => Promise<void>): Promise<void>;
  /** How the deliveries of a notification stand, and when to look again, in ms from now: null when all have ended. */
  standing(notificationId: string): Promise<{ nextInMs: number | null; sent: number; lost: number }>;
  /** Takes what was held back for the device of a delivery together. Null when it became part of another one's digest. */
  gather(id: string): Promise<{ digest: Due['digest'] } | null>;
}

/** Titles that a digest shows. */
const DIGEST_TITLES = 5;

/**
 * Whether the user has read what a notification `n` tells of: its data names a conversation and a message of it, as those of
 * the chat do.
 */
const SEEN = sql`EXISTS (
  SELECT FROM conversation_members m
  WHERE m.conversation_id = n.data->>'conversation_id' AND m.user_id = n.user_id
    AND m.read_seq >= CASE WHEN coalesce(n.data->>'seq', n.data->>'latest_seq') ~ '^[0-9]{1,15}$' THEN coalesce(n.data->>'seq', n.data->>'latest_seq')::bigint END
)`;

/** The deliveries in PostgreSQL. Changes of many jobs share their statements. */
export function createDeliveryStore(db: Database): DeliveryStore {
  const begin = batched<{ id: string; jobId: string }, boolean>(BATCH, async (batch) => {
    const { rows } = await db.execute<{ id: string; state: string; job_id: string }>(sql`
      WITH wanted AS (SELECT * FROM unnest(${param(batch, ({ id }) => id)}::uuid[], ${param(batch, ({ jobId }) => jobId)}::text[]) AS w (id, job_id)),
      locked AS (SELECT d.id FROM notification_deliveries d JOIN wanted USING (id) WHERE d.state = 'pending' ORDER BY d.id FOR UPDATE OF d)
      UPDATE notification_deliveries d
      SET state = CASE WHEN seen.yes THEN 'suppressed' ELSE 'sending' END, reason = CASE WHEN seen.yes THEN 'seen' END, job_id = w.job_id, updated_at = now()
      FROM locked JOIN wanted w USING (id), notifications n CROSS JOIN LATERAL (SELECT ${SEEN} AS yes) AS seen
      WHERE d.id = locked.id AND n.id = d.notification_id AND d.state = 'pending'
      RETURNING d.id, d.state, d.job_id`);
    // Of several that want the same delivery in one batch, it is of the first of the job that the row names.
    const begun = new Map(rows.filter(({ state }) => state === 'sending').map(({ id, job_id }) => [id, job_id]));
    return batch.map(({ id, jobId }) => begun.get(id) === jobId && begun.delete(id));
  });

  const settle = batched<Change, void>(BATCH, async (batch) => {
    await writeChanges(db, batch);
    return batch.map(() => undefined);
  });

  return {
    async recover(notificationId, jobId) {
      await db.execute(sql`
        UPDATE notification_deliveries
        SET state = CASE WHEN state = 'sending' AND crashes >= ${MOST_CRASHES} THEN 'failed' ELSE 'pending' END,
            reason = CASE WHEN state = 'sending' AND crashes >= ${MOST_CRASHES} THEN 'outcome_unknown' END,
            crashes = CASE WHEN state = 'sending' THEN crashes + 1 ELSE 0 END,
            attempts = CASE WHEN state = 'sending' THEN attempts ELSE 0 END,
            due_at = now(), job_id = ${jobId}, updated_at = now()
        WHERE notification_id = ${notificationId} AND (
          (state = 'sending' AND (job_id = ${jobId} OR updated_at < now() - ${ABANDONED}))
          OR (state = 'failed' AND job_id <> ${jobId} AND reason NOT IN ('invalid_token', 'invalid_address'))
        )`);
    },

    async due(notificationId) {
      const { rows } = await db.execute<DueColumns>(sql`
        SELECT id, device_key, attempts, held, digest FROM notification_deliveries
        WHERE notification_id = ${notificationId} AND state = 'pending' AND due_at <= ${NOW} ORDER BY id`);
      return rows.map(({ device_key, ...row }) => ({ ...row, deviceKey: device_key }));
    },

    begin: (id, jobId) => begin({ id, jobId }),
    settle,
    settleWith: (change, also) =>
      db.transaction(async (tx) => {
        await also(tx);
        await writeChanges(tx, [change]);
      }),

    async standing(notificationId) {
      // What another job has in its hands is looked at again in a few seconds.
      const { rows } = await db.execute<{ ms: string | null; sent: string; lost: string }>(sql`
        SELECT extract(epoch FROM min(CASE state WHEN 'pending' THEN due_at WHEN 'sending' THEN now() + interval '5 seconds' END) - now()) * 1000 AS ms,
               count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state IN ('failed', 'dropped')) AS lost
        FROM notification_deliveries WHERE notification_id = ${notificationId}`);
      const { ms = null, sent = 0, lost = 0 } = rows[0] ?? {};
      return { nextInMs: ms === null ? null : Math.max(0, Math.ceil(Number(ms))), sent: Number(sent), lost: Number(lost) };
    },

    gather: (id) => db.transaction((tx) => gather(tx, id)),
  };
}

async function writeChanges(db: Database | Transaction, batch: readonly Change[]): Promise<void> {
  await db.execute(sql`
    WITH changed AS (
      SELECT * FROM unnest(
        ${param(batch, ({ id }) => id)}::uuid[], ${param(batch, ({ state }) => state)}::text[], ${param(batch, ({ reason }) => reason)}::text[],
        ${param(batch, ({ providerId }) => providerId ?? null)}::text[], ${param(batch, ({ attempts }) => attempts)}::int[],
        ${param(batch, ({ waitMs }) => waitMs ?? 0)}::float8[]
      ) AS c (id, state, reason, provider_id, attempts, wait_ms)
    ),
    locked AS (SELECT d.id FROM notification_deliveries d JOIN changed USING (id) WHERE d.state IN ('pending', 'sending') ORDER BY d.id FOR UPDATE OF d)
    UPDATE notification_deliveries d
    SET state = c.state, reason = c.reason, provider_id = c.provider_id, attempts = c.attempts, due_at = now() + c.wait_ms * interval '1 millisecond', updated_at = now(),
        held = d.held AND c.state = 'pending'
    FROM locked JOIN changed c USING (id) WHERE d.id = locked.id`);
}

interface DueColumns extends Record<string, unknown> {
  id: string;
  device_key: string;
  attempts: number;
  held: boolean;
  digest: Due['digest'];
}

async function gather(tx: Transaction, id: string): Promise<{ digest: Due['digest'] } | null> {
  const { rows } = await tx.execute<{ id: string; title: string; seen: boolean }>(sql`
    SELECT d.id, coalesce(nullif(n.title, ''), n.body) AS title, ${SEEN} AS seen
    FROM notification_deliveries own
    JOIN notification_deliveries d ON d.user_id = own.user_id AND d.device_key = own.device_key AND d.held
    JOIN notifications n ON n.id = d.notification_id
    WHERE own.id = ${id} AND d.state = 'pending' AND d.due_at <= now() + interval '1 second'
    ORDER BY d.id FOR UPDATE OF d`);
  if (!rows.some((row) => row.id === id)) return null;
  const rest = async (ids: string[], reason: string): Promise<void> => {
    if (ids.length === 0) return;
    await tx.execute(sql`
      UPDATE notification_deliveries SET state = 'suppressed', reason = ${reason}, held = false, updated_at = now()
      WHERE id = ANY (${sql.param(ids)}::uuid[])`);
  };
  await rest(rows.filter(({ seen }) => seen).map((row) => row.id), 'seen');
  const unseen = rows.filter(({ seen }) => !seen);
  if (!unseen.some((row) => row.id === id)) return null;
  await rest(unseen.map((row) => row.id).filter((other) => other !== id), 'in_digest');
  const digest = unseen.length > 1 ? { count: unseen.length, titles: unseen.slice(-DIGEST_TITLES).map(({ title }) => title) } : null;
  await tx.execute(sql`UPDATE notification_deliveries SET held = false, digest = ${digest === null ? null : JSON.stringify(digest)}::jsonb WHERE id = ${id}`);
  return { digest };
}

function param<T>(batch: readonly T[], pick: (item: T) => unknown): SQL {
  return sql`${sql.param(batch.map(pick))}`;
}
