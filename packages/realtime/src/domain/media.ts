import type { MediaRow, RenditionRow } from '@armoricore/shared/db';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { AppError, deriveId, newId } from '@armoricore/shared/kernel';
import type { PresignedRequest, Storage } from '@armoricore/shared/storage';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { MediaView } from '../contracts/media.ts';

export interface MediaWithRenditions extends MediaRow {
  renditions: RenditionRow[];
}

/** Where media are kept. */
export interface MediaRepository {
  insert(row: { id: string; userId: string; filename: string; public: boolean; announcedBytes: number; sourceKey: string }): Promise<void>;
  find(id: string): Promise<MediaWithRenditions | null>;
  /** Newest first. */
  listOf(userId: string, limit: number): Promise<MediaWithRenditions[]>;
  /** In one transaction: `uploading` becomes `processing` and the event is published. False when it was not `uploading`. */
  startProcessing(id: string, uploaded: BusEvent<'media.uploaded'>): Promise<boolean>;
}

export interface UploadRequest {
  filename: string;
  sizeBytes: number;
  contentType: string;
  public: boolean;
}

export type MediaService = ReturnType<typeof createMediaService>;

const UPLOAD_TTL_S = 6 * 3600;
const LIST_LIMIT = 20;

/** The rules of uploads and of who may see a media. Whoever may not is told `not_found`, as for one that is not there. */
export function createMediaService({ repository, storage, maxUploadBytes }: { repository: MediaRepository; storage: Storage; maxUploadBytes: number }) {
  async function owned(id: string, identity: Identity): Promise<MediaWithRenditions> {
    const row = await repository.find(id);
    if (row === null || !ownsOrAdmin(identity, row.userId)) throw new AppError('not_found', { media_id: id });
    return row;
  }

  return {
    /** Reserves a media and answers where its bytes go. @throws AppError `upload_too_large` */
    async createUpload(request: UploadRequest, identity: Identity): Promise<{ media_id: string; upload: PresignedRequest }> {
      if (request.sizeBytes > maxUploadBytes) {
        throw new AppError('upload_too_large', { size_bytes: request.sizeBytes, max_bytes: maxUploadBytes });
      }
      const id = newId();
      const sourceKey = `uploads/${id}/source`;
      const { filename, sizeBytes, contentType } = request;
      await repository.insert({ id, userId: identity.userId, filename, public: request.public, announcedBytes: sizeBytes, sourceKey });
      return { media_id: id, upload: storage.presignPut(sourceKey, { maxBytes: sizeBytes, contentType, expiresInS: UPLOAD_TTL_S }) };
    },

    /** Whether bytes may still be put under an upload's key. @throws AppError `not_found`, `upload_closed` */
    async assertUploadOpen(sourceKey: string): Promise<void> {
      const row = await repository.find(sourceKey.split('/')[1] ?? '');
      if (row?.sourceKey !== sourceKey) throw new AppError('not_found');
      if (row.state !== 'uploading') throw new AppError('upload_closed', { state: row.state });
    },

    /**
     * The bytes are there: checks them and sets the media worker to work. Calling it again changes nothing.
     * @throws AppError `not_found`, `upload_missing`, `upload_size_mismatch`, `empty_file`
     */
    async complete(id: string, identity: Identity): Promise<MediaView> {
      const row = await owned(id, identity);
      if (row.state === 'uploading' && row.sourceKey !== null) {
        await assertUploaded(row.sourceKey, row.announcedBytes);
        const uploaded = createEvent(
          'media.uploaded',
          { media_id: id, user_id: row.userId, file_path: `file:///${row.sourceKey}`, metadata: row.metadata },
          { source: 'realtime', eventId: deriveId(id, 'media.uploaded'), userId: row.userId },
        );
        await repository.startProcessing(id, uploaded);
      }
      return this.get(id, identity);
    },

    /** Owner and admins see it always, others once it is ready and public. @throws AppError `not_found` */
    async get(id: string, identity: Identity): Promise<MediaView> {
      const row = await repository.find(id);
      const visible = row !== null && (ownsOrAdmin(identity, row.userId) || (row.public && row.state === 'ready'));
      if (!visible) throw new AppError('not_found', { media_id: id });
      return viewOf(row, storage);
    },

    /** The caller's newest. */
    async list(identity: Identity): Promise<MediaView[]> {
      const rows = await repository.listOf(identity.userId, LIST_LIMIT);
      return rows.map((row) => viewOf(row, storage));
    },
  };

  async function assertUploaded(key: string, announced: number | null): Promise<void> {
    const object = await storage.stat(key);
    if (object === null) throw new AppError('upload_missing');
    if (object.size === 0) throw new AppError('empty_file');
    if (announced !== null && object.size !== announced) {
      throw new AppError('upload_size_mismatch', { announced_bytes: announced, uploaded_bytes: object.size });
    }
  }
}

/** A media as clients see it, with URLs that are valid from now on. */
function viewOf(row: MediaWithRenditions, storage: Storage): MediaView {
  const url = (key: string): string => storage.playbackUrl(key, { public: row.public });
  const ready = row.state === 'ready';
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
    playback_urls: ready && row.hlsKey !== null ? { hls: url(row.hlsKey) } : null,
    thumbnail_urls: ready && row.posterKey !== null ? [url(row.posterKey)] : [],
    storyboard: null,
    captions: [],
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
