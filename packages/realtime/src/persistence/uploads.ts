import type { Bus } from '@armoricore/shared/bus';
import { media, type Database, type MediaRow, type Transaction } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { requestCancel } from '@armoricore/shared/jobs/cancel';
import { AppError, deriveId, ERRORS } from '@armoricore/shared/kernel';
import { and, eq, notInArray, sql } from 'drizzle-orm';
import type { ExpiryRepository } from '../domain/upload-sweep.ts';
import type { UploadLimits, UploadRepository } from '../domain/uploads.ts';
import { recordAct } from './audit.ts';

/** First keys of the advisory locks: one user's reservations come one after the other; one process sweeps at a time. */
const RESERVE_LOCK = 4_711_010;
const SWEEP_LOCK = 4_711_011;

/** Uploads in PostgreSQL: the media that are `uploading`. */
export function createUploadRepository(db: Database, bus: Bus): UploadRepository {
  return {
    reserve: (upload, limits) =>
      db.transaction(async (tx) => {
        await tx.execute(sql`SELECT pg_advisory_xact_lock(${RESERVE_LOCK}, hashtext(${upload.userId}))`);
        await assertWithin(tx, upload.userId, upload.announcedBytes, limits);
        await tx.insert(media).values({ ...upload, state: 'uploading' });
      }),

    async setMultipart(id, multipartId) {
      await db.update(media).set({ multipartId }).where(eq(media.id, id));
    },

    async find(id) {
      const [row] = await db.select().from(media).where(eq(media.id, id)).limit(1);
      return row ?? null;
    },

    startProcessing: (id, uploaded) =>
      db.transaction(async (transaction) => {
        const changed = await transaction
          .update(media)
          .set({ state: 'processing', stage: 'queued', uploadExpiresAt: null, multipartId: null, updatedAt: new Date() })
          .where(and(eq(media.id, id), eq(media.state, 'uploading')))
          .returning({ id: media.id });
        if (changed.length === 0) return false;
        await bus.publish(uploaded, bus.transactional ? { transaction } : {});
        return true;
      }),

    markDeleted: (id, { jobId, purgeAt, act }) =>
      db.transaction(async (tx) => {
        // It belongs to nobody any more, so a job that is still at it changes nothing of the row.
        const deleted = { userId: '', state: 'failed', stage: null, failureReason: 'media_deleted', failureMessage: ERRORS.media_deleted.message } as const;
        await tx.update(media).set({ ...deleted, uploadExpiresAt: purgeAt, updatedAt: new Date() }).where(eq(media.id, id));
        await requestCancel(tx, jobId);
        if (act !== null) await recordAct(tx, act);
      }),
  };
}

/** Counts what the user has, in a transaction that holds the user's lock. */
async function assertWithin(tx: Transaction, userId: string, bytes: number, { quotaBytes, perUser }: UploadLimits): Promise<void> {
  const [had] = await tx
    .select({
      underWay: sql<number>`count(*) FILTER (WHERE ${media.state} = 'uploading')::int`,
      bytes: sql<string>`coalesce(sum(${media.announcedBytes}), 0)`,
    })
    .from(media)
    .where(and(eq(media.userId, userId), sql`${media.failureReason} IS DISTINCT FROM 'upload_expired'`));
  const { underWay = 0, bytes: used = '0' } = had ?? {};
  if (underWay >= perUser) throw new AppError('too_many_uploads', { under_way: underWay, allowed: perUser });
  if (quotaBytes !== undefined && Number(used) + bytes > quotaBytes) {
    throw new AppError('quota_exceeded', { used_bytes: Number(used), size_bytes: bytes, quota_bytes: quotaBytes });
  }
}

/** What expires, in PostgreSQL. The row stays locked while its objects are removed: `complete` waits, and finds it failed. */
export function createExpiryRepository(db: Database, bus: Bus): ExpiryRepository {
  async function settle(transaction: Transaction, row: MediaRow): Promise<void> {
    if (row.state !== 'uploading') {
      await transaction.delete(media).where(eq(media.id, row.id));
      return;
    }
    const message = ERRORS.upload_expired.message;
    const failed = { state: 'failed', failureReason: 'upload_expired', failureMessage: message, uploadExpiresAt: null, multipartId: null } as const;
    await transaction.update(media).set({ ...failed, updatedAt: new Date() }).where(eq(media.id, row.id));
    const payload = { media_id: row.id, user_id: row.userId, reason: failed.failureReason, message };
    const event = createEvent('media.failed', payload, { source: 'realtime', eventId: deriveId(row.id, 'upload_expired'), userId: row.userId });
    await bus.publish(event, bus.transactional ? { transaction } : {});
  }

  return {
    async settleNext(work, except) {
      let id = '';
      try {
        return await db.transaction(async (tx) => {
          const { rows } = await tx.execute<{ mine: boolean }>(sql`SELECT pg_try_advisory_xact_lock(${SWEEP_LOCK}) AS mine`);
          if (rows[0]?.mine !== true) return undefined;
          const over = sql`${media.uploadExpiresAt} <= now() AND (${media.state} = 'uploading' OR ${media.failureReason} = 'media_deleted')`;
          const [row] = await tx
            .select()
            .from(media)
            .where(and(over, except.length === 0 ? undefined : notInArray(media.id, [...except])))
            .orderBy(media.uploadExpiresAt)
            .limit(1)
            .for('update', { skipLocked: true });
          if (row === undefined) return undefined;
          id = row.id;
          await work(row);
          await settle(tx, row);
          return { id };
        });
      } catch (failed) {
        if (id === '') throw failed;
        return { id, failed };
      }
    },
  };
}
