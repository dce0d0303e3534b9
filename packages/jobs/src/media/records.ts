import { and, eq, lte, ne, sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { media, renditions, type Database, type MediaRow, type Transaction } from '@armoricore/shared/db';
import { captionTrackOf, renditionSchema, type PayloadOf } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { tracksOf } from '../captions/records.ts';
import type { Progress } from './progress.ts';

type Input = PayloadOf<'media.uploaded'>;

/** What a run made, as checkpoints hold it. */
export const madeMedia = z.object({
  hlsKey: z.string(),
  posterKey: z.string().nullable(),
  storyboardKey: z.string().nullable(),
  previewKey: z.string().nullable(),
  mp4Key: z.string().nullable(),
  audioKey: z.string().nullable(),
  durationMs: z.number().int(),
  renditions: z.array(renditionSchema),
  /** What the source is; goes into the metadata. */
  info: z.record(z.string(), z.unknown()),
});
export type MadeMedia = z.infer<typeof madeMedia>;

/**
 * Marks a media as being worked on, and makes its row when a backend of its own sent the upload.
 * A media that is ready stays so and is returned as it is.
 * @throws AppError `forbidden` when the media belongs to another user
 */
export async function claimMedia(db: Database, input: Input, key: string): Promise<MediaRow> {
  const fresh = { state: 'processing', stage: 'probe', sourceKey: key } as const;
  const [claimed] = await db
    .insert(media)
    .values({ id: input.media_id, userId: input.user_id, metadata: input.metadata, ...fresh })
    .onConflictDoUpdate({
      target: media.id,
      set: {
        ...fresh,
        percent: sql`CASE WHEN ${media.state} = 'processing' THEN ${media.percent} ELSE 0 END`,
        playableAt: sql`CASE WHEN ${media.state} = 'processing' THEN ${media.playableAt} END`,
        failureReason: null,
        failureMessage: null,
        metadata: sql`${media.metadata} || excluded.metadata`,
        updatedAt: sql`now()`,
      },
      setWhere: ownAndUnfinished(input),
    })
    .returning();
  if (claimed !== undefined) return claimed;
  const [row] = await db.select().from(media).where(eq(media.id, input.media_id));
  if (row?.userId !== input.user_id) throw new AppError('forbidden', {}, { message: 'The media belongs to another user.' });
  return row;
}

/** False when the media is not being worked on any more, or is further. @param hlsKey where it can be played once it is playable */
export async function saveProgress(
  tx: Transaction,
  input: Pick<Input, 'media_id' | 'user_id'>,
  { stage, percent, playable }: Progress,
  hlsKey: string,
): Promise<boolean> {
  const played = playable ? { hlsKey, playableAt: sql`coalesce(${media.playableAt}, now())` } : {};
  const { rowCount } = await tx
    .update(media)
    .set({ stage, percent, updatedAt: sql`now()`, ...played })
    .where(and(eq(media.id, input.media_id), eq(media.userId, input.user_id), eq(media.state, 'processing'), lte(media.percent, percent)));
  return rowCount === 1;
}

export async function saveReady(tx: Transaction, input: Input, made: MadeMedia): Promise<void> {
  const { renditions: ladder, info, ...fields } = made;
  const { rowCount } = await tx
    .update(media)
    .set({
      ...fields,
      state: 'ready',
      stage: null,
      percent: 100,
      playableAt: sql`coalesce(${media.playableAt}, now())`,
      metadata: sql`${media.metadata} || ${JSON.stringify({ media_info: info })}::jsonb`,
      updatedAt: sql`now()`,
    })
    .where(and(eq(media.id, input.media_id), ownAndUnfinished(input)));
  if (rowCount === 0) return;
  await tx.delete(renditions).where(eq(renditions.mediaId, input.media_id));
  if (ladder.length === 0) return;
  await tx.insert(renditions).values(
    ladder.map(({ frame_rate, average_bandwidth, ...rendition }) => {
      return { mediaId: input.media_id, ...rendition, frameRate: frame_rate, averageBandwidth: average_bandwidth };
    }),
  );
}

export async function saveFailed(tx: Transaction, input: Input, error: AppError): Promise<void> {
  await tx
    .update(media)
    .set({ state: 'failed', stage: null, playableAt: null, failureReason: error.code, failureMessage: error.message, updatedAt: sql`now()` })
    .where(and(eq(media.id, input.media_id), ownAndUnfinished(input)));
}

/** The payload of `media.ready`, from what is stored. */
export async function readyPayload(tx: Transaction, storage: Storage, input: Input): Promise<PayloadOf<'media.ready'>> {
  const [row] = await tx.select().from(media).where(eq(media.id, input.media_id));
  if (row === undefined || row.hlsKey === null) throw new Error(`media ${input.media_id} is not ready`);
  const made = await tx.select().from(renditions).where(eq(renditions.mediaId, input.media_id));
  const urlOf = (key: string): string => storage.playbackUrl(key, { public: row.public });
  return {
    media_id: row.id,
    user_id: row.userId,
    playback_urls: {
      hls: urlOf(row.hlsKey),
      ...(row.mp4Key === null ? {} : { mp4: urlOf(row.mp4Key) }),
      ...(row.audioKey === null ? {} : { audio: urlOf(row.audioKey) }),
    },
    thumbnail_urls: row.posterKey === null ? [] : [urlOf(row.posterKey)],
    storyboard: row.storyboardKey === null ? null : urlOf(row.storyboardKey),
    preview_url: row.previewKey === null ? null : urlOf(row.previewKey),
    captions: (await tracksOf(tx, row.id)).map((track) => captionTrackOf(track, urlOf)),
    duration_ms: row.durationMs ?? 0,
    renditions: made
      .toSorted((a, b) => b.width * b.height - a.width * a.height)
      .map(({ name, width, height, frameRate, bandwidth, averageBandwidth, codecs }) => {
        return { name, width, height, frame_rate: frameRate, bandwidth, average_bandwidth: averageBandwidth, codecs };
      }),
    metadata: row.metadata,
  };
}

function ownAndUnfinished({ user_id }: Input): SQL {
  return sql`${eq(media.userId, user_id)} AND ${ne(media.state, 'ready')}`;
}
