import type { Bus } from '@armoricore/shared/bus';
import { revocations, type Database } from '@armoricore/shared/db';
import { and, asc, desc, eq, gt, lt, or, sql } from 'drizzle-orm';
import type { Revocation } from '../domain/revocation-book.ts';
import type { RevocationRepository } from '../domain/revocations.ts';
import { recordAct } from './audit.ts';

/** Revocations in PostgreSQL. Only the clock of the database is compared with what it wrote. */
export function createRevocationRepository(db: Database, bus: Bus): RevocationRepository {
  return {
    async add({ kind, subject, since, expiresAt }, { act, event }) {
      const row = { kind, subject, since: new Date(since), expiresAt: expiresAt === null ? null : new Date(expiresAt) };
      await db.transaction(async (transaction) => {
        await transaction
          .insert(revocations)
          .values(row)
          .onConflictDoUpdate({
            target: [revocations.kind, revocations.subject],
            set: { since: row.since, expiresAt: row.expiresAt, changedAt: sql`now()` },
            setWhere: lt(revocations.since, row.since),
          });
        if (act !== undefined) await recordAct(transaction, act);
        if (event !== undefined && bus.transactional) await bus.publish(event, { transaction });
      });
      if (event !== undefined && !bus.transactional) await bus.publish(event);
    },

    async newest(limit) {
      const rows = await db.select().from(revocations).orderBy(desc(revocations.changedAt)).limit(limit);
      return rows.toReversed().map(fromRow);
    },

    async changedWithin(ms, limit) {
      const since = sql`now() - ${ms} * interval '1 millisecond'`;
      const rows = await db.select().from(revocations).where(gt(revocations.changedAt, since)).orderBy(asc(revocations.changedAt)).limit(limit);
      return rows.map(fromRow);
    },

    async find(userId, tokenId) {
      const ofUser = and(eq(revocations.kind, 'user'), eq(revocations.subject, userId));
      const ofToken = tokenId === undefined ? undefined : and(eq(revocations.kind, 'token'), eq(revocations.subject, tokenId));
      return (await db.select().from(revocations).where(or(ofUser, ofToken))).map(fromRow);
    },

    async removeExpired() {
      await db.delete(revocations).where(lt(revocations.expiresAt, sql`now()`));
    },
  };
}

function fromRow({ kind, subject, since, expiresAt }: typeof revocations.$inferSelect): Revocation {
  return { kind, subject, since: since.getTime(), expiresAt: expiresAt?.getTime() ?? null };
}
