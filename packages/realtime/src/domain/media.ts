import type { CaptionTrackRow, MediaRow, RenditionRow } from '@armoricore/shared/db';
import { captionTrackOf } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { MediaView } from '../contracts/media.ts';

export interface MediaWithRenditions extends MediaRow {
  renditions: RenditionRow[];
  captions: CaptionTrackRow[];
}

/** Where media are kept. */
export interface MediaRepository {
  find(id: string): Promise<MediaWithRenditions | null>;
  /** Newest first; what was deleted is left out. */
  listOf(userId: string, limit: number): Promise<MediaWithRenditions[]>;
}

export type MediaService = ReturnType<typeof createMediaService>;

const LIST_LIMIT = 20;

/** Who may see which media. Whoever may not is told `not_found`, as for one that is not there. */
export function createMediaService({ repository, storage }: { repository: MediaRepository; storage: Storage }) {
  return {
    /** Owner and admins see it always, others once it is ready and public. @throws AppError `not_found` */
    async get(id: string, identity: Identity): Promise<MediaView> {
      const row = await repository.find(id);
      const visible = row !== null && !isDeleted(row) && (ownsOrAdmin(identity, row.userId) || (row.public && row.state === 'ready'));
      if (!visible) throw new AppError('not_found', { media_id: id });
      return viewOf(row, storage);
    },

    /** The caller's newest. */
    async list(identity: Identity): Promise<MediaView[]> {
      const rows = await repository.listOf(identity.userId, LIST_LIMIT);
      return rows.map((row) => viewOf(row, storage));
    },
  };
}

/** A deleted media keeps its row, which is nobody's, until a second look has found nothing more of it. */
export function isDeleted({ failureReason }: Pick<MediaRow, 'failureReason'>): boolean {
  return failureReason === 'media_deleted';
}

/** A media as clients see it, with URLs that are valid from now on. */
function viewOf(row: MediaWithRenditions, storage: Storage): MediaView {
  const url = (key: string): string => storage.playbackUrl(key, { public: row.public });
  const ready = row.state === 'ready';
  const playable = ready || (row.state === 'processing' && row.playableAt !== null);
  return {
    media_id: row.id,
    user_id: row.userId,
    state: row.state,
    public: row.public,
    filename: row.filename,
    stage: row.stage,
    percent: row.percent,
    ...(row.failureReason === null ? {} : { reason: row.failureReason, message: row.failureMessage ?? '' }),
    duration_ms: row.durationMs,
    playable,
    playback_urls: playable ? playbackUrls(row, url) : null,
    thumbnail_urls: ready && row.posterKey !== null ? [url(row.posterKey)] : [],
    storyboard: ready && row.storyboardKey !== null ? url(row.storyboardKey) : null,
    preview_url: ready && row.previewKey !== null ? url(row.previewKey) : null,
    captions: ready ? row.captions.map((track) => captionTrackOf(track, url)) : [],
    renditions: row.renditions.map(({ name, width, height, frameRate, bandwidth, averageBandwidth, codecs }) => ({
      name,
      width,
      height,
      frame_rate: frameRate,
      bandwidth,
      average_bandwidth: averageBandwidth,
      codecs,
    })),
    metadata: row.metadata,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** The master playlist stays where it is: before a media is ready it names the smallest rendition alone. */
function playbackUrls({ hlsKey, mp4Key, audioKey }: MediaRow, url: (key: string) => string): MediaView['playback_urls'] {
  if (hlsKey === null) return null;
  return {
    hls: url(hlsKey),
    ...(mp4Key === null ? {} : { mp4: url(mp4Key) }),
    ...(audioKey === null ? {} : { audio: url(audioKey) }),
  };
}
