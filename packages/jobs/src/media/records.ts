import { and, eq, ne, sql, type SQL } from 'drizzle-orm';
import { media, renditions, type Database, type MediaRow, type Transaction } from '@armoricore/shared/db';
import type { PayloadOf, Rendition } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import type { Progress } from './progress.ts';

type Input = PayloadOf<'media.uploaded'>;

export interface MadeMedia {
  hlsKey: string;
  posterKey: string | null;
  durationMs: number;
  renditions: Rendition[];
}

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

/** False when the media is not being worked on any more. */
export async function saveProgress(tx: Transaction, input: Input, { stage, percent }: Progress): Promise<boolean> {
  const { rowCount } = await tx
    .update(media)
    .set({ stage, percent, updatedAt: sql`now()` })
    .where(and(eq(media.id, input.media_id), eq(media.userId, input.user_id), eq(media.state, 'processing')));
  return rowCount === 1;
}

export async function saveReady(tx: Transaction, input: Input, made: MadeMedia): Promise<void> {
  const { hlsKey, posterKey, durationMs } = made;
  const { rowCount } = await tx
    .update(media)
    .set({ state: 'ready', stage: null, percent: 100, hlsKey, posterKey, durationMs, updatedAt: sql`now()` })
    .where(and(eq(media.id, input.media_id), ownAndUnfinished(input)));
  if (rowCount === 0) return;
  await tx.delete(renditions).where(eq(renditions.mediaId, input.media_id));
  if (made.renditions.length === 0) return;
  await tx.insert(renditions).values(
    made.renditions.map(({ frame_rate, average_bandwidth, ...rendition }) => {
      return { mediaId: input.media_id, ...rendition, frameRate: frame_rate, averageBandwidth: average_bandwidth };
    }),
  );
}

export async function saveFailed(tx: Transaction, input: Input, error: AppError): Promise<void> {
  await tx
    .update(media)
    .set({ state: 'failed', stage: null, failureReason: error.code, failureMessage: error.message, updatedAt: sql`now()` })
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
    playback_urls: { hls: urlOf(row.hlsKey) },
    thumbnail_urls: row.posterKey === null ? [] : [urlOf(row.posterKey)],
    storyboard: null,
    captions: [],
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
