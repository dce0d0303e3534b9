import { auditLog, type Database, type Transaction } from '@armoricore/shared/db';
import { newId } from '@armoricore/shared/kernel';
import { and, desc, eq, lt } from 'drizzle-orm';
import type { Act, AuditRepository } from '../domain/audit.ts';

/** Writes an act down, as part of the transaction that does it. */
export async function recordAct(db: Database | Transaction, { actor, action, subject, details = {} }: Act): Promise<void> {
  await db.insert(auditLog).values({ id: newId(), actor: actor.userId, remoteAddress: actor.remoteAddress, action, subject, details });
}

/** The audit log in PostgreSQL. */
export function createAuditRepository(db: Database): AuditRepository {
  return {
    record: (act) => recordAct(db, act),
    async list({ actor, action, subject }, { after, limit }) {
      const rows = await db
        .select()
        .from(auditLog)
        .where(
          and(
            actor === undefined ? undefined : eq(auditLog.actor, actor),
            action === undefined ? undefined : eq(auditLog.action, action),
            subject === undefined ? undefined : eq(auditLog.subject, subject),
            after === undefined ? undefined : lt(auditLog.id, after),
          ),
        )
        .orderBy(desc(auditLog.id))
        .limit(limit);
      return rows.map(({ actor: userId, remoteAddress, ...row }) => ({ ...row, actor: { userId, remoteAddress } }));
    },
  };
}
