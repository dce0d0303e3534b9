import { posix } from 'node:path';
import { and, asc, eq, gt, lt, ne, sql } from 'drizzle-orm';
import { captionTracks, captionUses, media, type CaptionTrackRow, type Database, type MediaRow, type Transaction } from '@armoricore/shared/db';
import { captionTrackOf, type PayloadOf } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';

const DAY = sql`now() - interval '24 hours'`;
/** First key of the advisory lock under which one user's use is counted. */
const USE_LOCK = 4_711_020;

/** A media that can be captioned. */
export type ReadyMedia = MediaRow & { hlsKey: string };

/**
 * @throws AppError `not_found`, `media_not_ready`, `forbidden` when the event names another owner, `media_deleted` or what else the media
 *   failed with
 */
export async function findReady(db: Database, { media_id, user_id }: PayloadOf<'transcription.requested'>): Promise<ReadyMedia> {
  const [row] = await db.select().from(media).where(eq(media.id, media_id));
  if (row === undefined) throw new AppError('not_found', { media_id }, { message: 'There is no media of this id.' });
  return assertReady(row, user_id);
}

function assertReady(row: MediaRow, userId?: string): ReadyMedia {
  const { state, hlsKey, failureReason } = row;
  if (state === 'failed') throw new AppError(failureReason ?? 'not_found');
  if (userId !== undefined && userId !== row.userId) throw new AppError('forbidden', {}, { message: 'The media belongs to another user.' });
  if (state !== 'ready' || hlsKey === null) throw new AppError('media_not_ready', { state });
  return { ...row, hlsKey };
}

/**
 * Writes down that a job has so much speech recognised, once however often it runs.
 * @throws AppError `captions_exceeded` when it is more than the user may have in 24 hours
 */
export async function reserveUse(db: Database, use: { jobId: string; userId: string; speechMs: number }, maxPerDayMs: number | undefined): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${USE_LOCK}, hashtext(${use.userId}))`);
    await tx.delete(captionUses).where(lt(captionUses.at, DAY));
    if (maxPerDayMs !== undefined) {
      const others = and(eq(captionUses.userId, use.userId), gt(captionUses.at, DAY), ne(captionUses.jobId, use.jobId));
      const [had] = await tx.select({ ms: sql<string>`coalesce(sum(${captionUses.speechMs}), 0)` }).from(captionUses).where(others);
      const usedMs = Number(had?.ms ?? 0);
      if (usedMs + use.speechMs > maxPerDayMs) {
        throw new AppError('captions_exceeded', { used_s: Math.round(usedMs / 1000), speech_s: Math.round(use.speechMs / 1000), allowed_s: maxPerDayMs / 1000 });
      }
    }
    await tx.insert(captionUses).values(use).onConflictDoUpdate({ target: captionUses.jobId, set: { speechMs: use.speechMs } });
  });
}

/**
 * Changes the tracks of a media, then does `publish` with those that it has now; one change after the other, and none of a media that was
 * deleted meanwhile.
 * @throws AppError as `findReady`
 */
export async function changeTracks(
  db: Database,
  mediaId: string,
  change: { put: Omit<CaptionTrackRow, 'mediaId' | 'updatedAt'> } | { remove: string },
  publish: (row: ReadyMedia, tracks: readonly CaptionTrackRow[]) => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const [locked] = await tx.select().from(media).where(eq(media.id, mediaId)).for('update');
    if (locked === undefined) throw new AppError('media_deleted');
    const row = assertReady(locked);
    if ('put' in change) {
      const { language: _language, ...set } = change.put;
      const target = [captionTracks.mediaId, captionTracks.language];
      await tx.insert(captionTracks).values({ mediaId, ...change.put }).onConflictDoUpdate({ target, set: { ...set, updatedAt: sql`now()` } });
    } else {
      await tx.delete(captionTracks).where(and(eq(captionTracks.mediaId, mediaId), eq(captionTracks.language, change.remove)));
    }
    await publish(row, await tracksOf(tx, mediaId));
  });
}

/** By language. */
export function tracksOf(db: Database | Transaction, mediaId: string): Promise<CaptionTrackRow[]> {
  return db.select().from(captionTracks).where(eq(captionTracks.mediaId, mediaId)).orderBy(asc(captionTracks.language));
}

/** The payload of `transcription.complete`, from what is stored. */
export async function completePayload(tx: Transaction, storage: Storage, mediaId: string): Promise<PayloadOf<'transcription.complete'>> {
  const [row] = await tx.select({ userId: media.userId, public: media.public, state: media.state }).from(media).where(eq(media.id, mediaId));
  if (row?.state !== 'ready') return { media_id: mediaId, tracks: [] }; // It was deleted meanwhile.
  const urlOf = (key: string): string => storage.playbackUrl(key, { public: row.public });
  return { media_id: mediaId, user_id: row.userId, tracks: (await tracksOf(tx, mediaId)).map((track) => captionTrackOf(track, urlOf)) };
}

/** The folder of a track, below that of the HLS playlists. */
export function trackFolder(hlsKey: string, language: string): string {
  return posix.join(posix.dirname(hlsKey), 'captions', language);
}
