import { captionTracks, media, renditions, type Database } from '@armoricore/shared/db';
import { asc, desc, eq, inArray } from 'drizzle-orm';
import type { MediaRepository, MediaWithRenditions } from '../domain/media.ts';

/** Media in PostgreSQL. */
export function createMediaRepository(db: Database): MediaRepository {
  async function withRenditions(rows: (typeof media.$inferSelect)[]): Promise<MediaWithRenditions[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const all = await db.select().from(renditions).where(inArray(renditions.mediaId, ids)).orderBy(desc(renditions.bandwidth));
    const tracks = await db.select().from(captionTracks).where(inArray(captionTracks.mediaId, ids)).orderBy(asc(captionTracks.language));
    return rows.map((row) => {
      const isOwn = ({ mediaId }: { mediaId: string }): boolean => mediaId === row.id;
      return { ...row, renditions: all.filter(isOwn), captions: tracks.filter(isOwn) };
    });
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
