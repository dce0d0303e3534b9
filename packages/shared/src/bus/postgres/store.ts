import { sql } from 'drizzle-orm';
import type { Database } from '../../db/index.ts';
import type { EventType } from '../../events/index.ts';
import type { Bury } from '../../dead-letters/index.ts';
import { batched } from '../../kernel/index.ts';
import { deadLetterOf, type Claim, type DeliveryStore } from '../delivery-store.ts';
import { CLAIM_SPACE } from './locks.ts';

/** A process that freezes in the middle of a claim is cut off after this, in ms; its group goes on without it. */
const CLAIM_TIMEOUT_MS = 5_000;
/**
 * Due events that one claim looks at. Keys that are held are passed over before, so that a long backlog of one key costs
 * a claim some milliseconds and never holds up the others.
 */
const WINDOW = 200;

interface StoreOptions {
  group: string;
  types: readonly EventType[];
  leaseMs: number;
  bury: Bury;
}

/** The deliveries of a group as rows of `bus_deliveries`; all times are the database's. */
export function createDeliveryStore(db: Database, { group, types, leaseMs, bury }: StoreOptions): DeliveryStore {
  const lease = sql`statement_timestamp() + ${leaseMs} * interval '1 ms'`;
  const mine = ({ id, attempts }: Claim) => sql`group_name = ${group} AND seq = ${id}::bigint AND attempts = ${attempts}`;
  /** The rows `held`: those of the claims that still are this consumer's, locked in one order, so that two statements never wait for each other. */
  const held = (claims: readonly Claim[]) => sql`WITH held AS (
    SELECT seq, attempts FROM bus_deliveries
    JOIN unnest(${sql.param(claims.map(({ id }) => id))}::bigint[], ${sql.param(claims.map(({ attempts }) => attempts))}::integer[]) AS c (seq, attempts) USING (seq, attempts)
    WHERE group_name = ${group} ORDER BY seq FOR UPDATE OF bus_deliveries)`;

  const acknowledge = batched<Claim, void>({ max: WINDOW }, async (claims) => {
    await db.execute(sql`${held(claims)} DELETE FROM bus_deliveries USING held WHERE group_name = ${group} AND bus_deliveries.seq = held.seq`);
    return claims.map(() => undefined);
  });

  return {
    async claim(limit) {
      return db.transaction(async (transaction) => {
        // Claims of a group one after the other: what one claim holds back, the next one sees.
        await transaction.execute(sql`
          SELECT set_config('idle_in_transaction_session_timeout', ${String(CLAIM_TIMEOUT_MS)}, true),
            pg_advisory_xact_lock(${CLAIM_SPACE}, hashtext(${group}))`);
        const { rows } = await transaction.execute<Claimed>(sql`
          WITH due AS MATERIALIZED (
            SELECT bus_deliveries.seq, bus_deliveries.key, attempts, event, target_group
            FROM bus_deliveries JOIN events USING (seq)
            WHERE group_name = ${group} AND available_at <= statement_timestamp() AND event_type = ANY (${sql.param([...types])}::text[])
              AND bus_deliveries.key NOT IN (
                SELECT held.key FROM bus_deliveries held WHERE held.group_name = ${group} AND held.available_at > statement_timestamp())
            ORDER BY bus_deliveries.seq LIMIT ${WINDOW}
          ), first AS (
            SELECT DISTINCT ON (key) seq, event, target_group FROM due ORDER BY key, attempts = 0, seq
          ), chosen AS (
            SELECT seq, event, target_group FROM first ORDER BY seq LIMIT ${limit}
          )
          UPDATE bus_deliveries SET attempts = attempts + 1, available_at = ${lease}
          FROM chosen
          WHERE group_name = ${group} AND bus_deliveries.seq = chosen.seq AND available_at <= statement_timestamp()
          RETURNING bus_deliveries.seq, attempts, event, target_group`);
        return rows.toSorted((a, b) => Number(a.seq) - Number(b.seq)).map(toClaim);
      });
    },

    async extend(claims) {
      const { rows } = await db.execute<{ seq: string; attempts: number }>(sql`
        ${held(claims)} UPDATE bus_deliveries SET available_at = ${lease} FROM held
        WHERE group_name = ${group} AND bus_deliveries.seq = held.seq RETURNING held.seq, held.attempts`);
      return claims.filter((claim) => rows.some(({ seq, attempts }) => seq === claim.id && attempts === claim.attempts));
    },

    acknowledge,

    async retry(claim, delayMs) {
      await db.execute(sql`
        UPDATE bus_deliveries SET available_at = statement_timestamp() + ${delayMs} * interval '1 ms' WHERE ${mine(claim)}`);
    },

    async release(claim) {
      await db.execute(sql`UPDATE bus_deliveries SET attempts = attempts - 1, available_at = statement_timestamp() WHERE ${mine(claim)}`);
    },

    async bury(claim, letter) {
      await db.transaction(async (transaction) => {
        const { rowCount } = await transaction.execute(sql`DELETE FROM bus_deliveries WHERE ${mine(claim)}`);
        if (rowCount === 1) await bury(deadLetterOf(group, claim, letter), transaction);
      });
    },
  };
}

type Claimed = { seq: string; attempts: number; event: unknown; target_group: string | null };

function toClaim({ seq, attempts, event, target_group }: Claimed): Claim {
  return { id: seq, attempts, event, ...(target_group === null ? {} : { onlyFor: target_group }) };
}
