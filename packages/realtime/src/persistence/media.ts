import type { Bus } from '@armoricore/shared/bus';
import { media, renditions, type Database } from '@armoricore/shared/db';
import { and, desc, eq, inArray } from 'drizzle-orm';
import type { MediaRepository, MediaWithRenditions } from '../domain/media.ts';

/** Media in PostgreSQL. */
export function createMediaRepository(db: Database, bus: Bus): MediaRepository {
  async function withRenditions(rows: (typeof media.$inferSelect)[]): Promise<MediaWithRenditions[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const all = await db.select().from(renditions).where(inArray(renditions.mediaId, ids)).orderBy(desc(renditions.bandwidth));
    return rows.map((row) => ({ ...row, renditions: all.filter(({ mediaId }) => mediaId === row.id) }));
  }

  return {
    async insert(row) {
      await db.insert(media).values({ ...row, state: 'uploading' });
    },

    async find(id) {
      const rows = await db.select().from(media).where(eq(media.id, id)).limit(1);
      const [found] = await withRenditions(rows);
      return found ?? null;
    },

    async listOf(userId, limit) {
      return withRenditions(await db.select().from(media).where(eq(media.userId, userId)).orderBy(desc(media.createdAt)).limit(limit));
    },

    startProcessing: (id, uploaded) =>
      db.transaction(async (transaction) => {
        const changed = await transaction
          .update(media)
          .set({ state: 'processing', stage: 'queued', updatedAt: new Date() })
          .where(and(eq(media.id, id), eq(media.state, 'uploading')))
          .returning({ id: media.id });
        if (changed.length === 0) return false;
        await bus.publish(uploaded, bus.transactional ? { transaction } : {});
        return true;
      }),
  };
}
