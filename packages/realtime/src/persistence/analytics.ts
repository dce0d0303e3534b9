import { analyticsDaily, analyticsEvents, type Database, type Transaction } from '@armoricore/shared/db';
import { and, asc, between, eq, sql } from 'drizzle-orm';
import type { AnalyticsRecord, AnalyticsRepository } from '../domain/analytics.ts';
import type { AppendLog } from '../domain/batch-writer.ts';
import { toAvailability } from './failures.ts';

/** Key of the advisory lock: one process counts or prunes at a time. */
const LOCK = 4_711_020;

/** Messages of one conversation that are counted in one statement. */
const MESSAGES_EACH = 2_000;

/** Adds what is `marked` (day, type, user) to the sums; users that the day did not have are counted, too. */
const ADD_MARKED = sql`
  fresh AS (
    INSERT INTO analytics_daily_users (day, type, user_id)
    SELECT DISTINCT day, type, user_id FROM marked WHERE user_id IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING day, type
  ), sums AS (
    SELECT day, type, sum(events) AS events, sum(users) AS users
    FROM (SELECT day, type, 1 AS events, 0 AS users FROM marked UNION ALL SELECT day, type, 0, 1 FROM fresh) AS each
    GROUP BY day, type
  ), added AS (
    INSERT INTO analytics_daily AS daily (day, type, events, users) SELECT day, type, events, users FROM sums
    ON CONFLICT (day, type) DO UPDATE SET events = daily.events + excluded.events, users = daily.users + excluded.users
  )`;

/** Takes in events, each once by its id. What happened before the time that is kept is not taken. */
export function createAnalyticsLog(db: Database, retentionDays: number): AppendLog<AnalyticsRecord, AnalyticsRecord> {
  return {
    async append(records) {
      const kept = records.filter(({ at }) => at.getTime() > Date.now() - retentionDays * 86_400_000);
      try {
        if (kept.length > 0) await db.insert(analyticsEvents).values(kept).onConflictDoNothing();
      } catch (error) {
        throw toAvailability(error);
      }
      return [...records];
    },
  };
}

/** The sums of days in PostgreSQL, made by it. */
export function createAnalyticsRepository(db: Database): AnalyticsRepository {
  /** Does the work, unless another process is at it. */
  async function alone(work: (tx: Transaction) => Promise<number>): Promise<number> {
    return db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ mine: boolean }>(sql`SELECT pg_try_advisory_xact_lock(${LOCK}) AS mine`);
      return rows[0]?.mine === true ? work(tx) : 0;
    });
  }

  return {
    count: (most) =>
      alone(async (tx) => {
        const { rows } = await tx.execute<{ counted: string }>(sql`
          WITH marked AS (
            UPDATE analytics_events SET counted = true
            WHERE event_id IN (SELECT event_id FROM analytics_events WHERE NOT counted LIMIT ${most}) AND NOT counted
            RETURNING (at AT TIME ZONE 'UTC')::date AS day, type, user_id
          ), ${ADD_MARKED}
          SELECT count(*) AS counted FROM marked`);
        return Number(rows[0]!.counted);
      }),

    countMessages: (most) =>
      alone(async (tx) => {
        // Numbers of messages have no gaps and rise in the order of commits: up to `last_seq` all are there.
        const { rows } = await tx.execute<{ chosen: string }>(sql`
          WITH chosen AS MATERIALIZED (
            SELECT id, coalesce(counted_seq, 0) AS after, least(last_seq, coalesce(counted_seq, 0) + ${MESSAGES_EACH}) AS upto
            FROM conversations LEFT JOIN analytics_conversations ON conversation_id = id
            WHERE last_seq > coalesce(counted_seq, 0) LIMIT ${most}
          ), marked AS MATERIALIZED (
            SELECT (created_at AT TIME ZONE 'UTC')::date AS day, 'chat.message' AS type, sender_id AS user_id
            FROM chosen JOIN messages ON conversation_id = chosen.id AND seq > after AND seq <= upto
          ), noted AS (
            INSERT INTO analytics_conversations (conversation_id, counted_seq) SELECT id, upto FROM chosen
            ON CONFLICT (conversation_id) DO UPDATE SET counted_seq = excluded.counted_seq
          ), ${ADD_MARKED}
          SELECT count(*) AS chosen FROM chosen`);
        return Number(rows[0]!.chosen);
      }),

    prune: (before, most) =>
      alone(async (tx) => {
        const { rowCount } = await tx.execute(sql`
          DELETE FROM analytics_events WHERE event_id IN (
            SELECT event_id FROM analytics_events WHERE at < ${before.toISOString()} AND counted ORDER BY at LIMIT ${most})`);
        const users = await tx.execute(sql`
          DELETE FROM analytics_daily_users WHERE ctid IN (
            SELECT ctid FROM analytics_daily_users WHERE day < (${before.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date LIMIT ${most})`);
        return Math.max(rowCount ?? 0, users.rowCount ?? 0);
      }),

    daily: ({ from, to, type }) =>
      db
        .select()
        .from(analyticsDaily)
        .where(and(between(analyticsDaily.day, from, to), type === undefined ? undefined : eq(analyticsDaily.type, type)))
        .orderBy(asc(analyticsDaily.day), asc(analyticsDaily.type)),
  };
}
