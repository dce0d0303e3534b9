import { media, renditions, type Database } from '@armoricore/shared/db';
import { desc, eq, inArray } from 'drizzle-orm';
import type { MediaRepository, MediaWithRenditions } from '../domain/media.ts';

/** Media in PostgreSQL. */
export function createMediaRepository(db: Database): MediaRepository {
  async function withRenditions(rows: (typeof media.$inferSelect)[]): Promise<MediaWithRenditions[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const all = await db.select().from(renditions).where(inArray(renditions.mediaId, ids)).orderBy(desc(renditions.bandwidth));
    return rows.map((row) => ({ ...row, renditions: all.filter(({ mediaId }) => mediaId === row.id) }));
  }

  return {
    async find(id) {
      const rows = await db.select().from(media).where(eq(media.id, id)).limit(1);
      const [found] = await withRenditions(rows);
      return found ?? null;
    },

    async listOf(userId, limit) {
      return withRenditions(await db.select().from(media).where(eq(media.userId, userId)).orderBy(desc(media.createdAt)).limit(limit));
    },
  };
}
