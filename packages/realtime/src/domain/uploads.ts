import type { MediaRow } from '@armoricore/shared/db';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { AppError, deriveId, newId } from '@armoricore/shared/kernel';
import type { PresignedPart, PresignedRequest, ResumableUploads, Storage } from '@armoricore/shared/storage';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { Act, Actor } from './audit.ts';
import { isDeleted } from './media.ts';
import { discardMedia } from './upload-discard.ts';
import { fitsOneRequest, multipartOf, PAGE_OF_PARTS, partsView, type UploadTarget } from './upload-target.ts';

/** A media that waits for its bytes. */
export interface NewUpload {
  id: string;
  userId: string;
  filename: string;
  public: boolean;
  announcedBytes: number;
  sourceKey: string;
  uploadExpiresAt: Date;
}

export interface UploadLimits {
  /** Most bytes that a user may have announced in all. */
  quotaBytes: number | undefined;
  /** Most uploads of a user that are under way. */
  perUser: number;
}

/** Where uploads are kept: they are the media in the state `uploading`. */
export interface UploadRepository {
  /** Writes an upload down unless it breaks a limit; one user's one after the other. @throws AppError `too_many_uploads`, `quota_exceeded` */
  reserve(upload: NewUpload, limits: UploadLimits): Promise<void>;
  setMultipart(id: string, multipartId: string): Promise<void>;
  find(id: string): Promise<MediaRow | null>;
  /** In one transaction: `uploading` becomes `processing` and the event is published. False when it was not `uploading`. */
  startProcessing(id: string, uploaded: BusEvent<'media.uploaded'>): Promise<boolean>;
  /** In one transaction: marks a media as deleted until `purgeAt`, asks for the end of its job, writes the act down. */
  markDeleted(id: string, options: { jobId: string; purgeAt: Date; act: Act | null }): Promise<void>;
}

export interface UploadRequest {
  filename: string;
  sizeBytes: number;
  contentType: string;
  public: boolean;
}

export interface UploadOptions extends UploadLimits {
  repository: UploadRepository;
  storage: Storage;
  resumable: ResumableUploads;
  maxUploadBytes: number;
  /** How long an upload may take, in s. */
  ttlS: number;
}

export type UploadService = ReturnType<typeof createUploadService>;

/** A job that is being cancelled may still write for so long; then is a deleted media looked for once more, in ms. */
const PURGE_AFTER_MS = 5 * 60_000;

/** The rules of uploads: who may upload how much, when one is whole, and what becomes of those that never are. */
export function createUploadService({ repository, storage, resumable, maxUploadBytes, ttlS, quotaBytes, perUser }: UploadOptions) {
  async function owned(id: string, identity: Identity): Promise<MediaRow> {
    const row = await repository.find(id);
    if (row === null || isDeleted(row) || !ownsOrAdmin(identity, row.userId)) throw new AppError('not_found', { media_id: id });
    return row;
  }

  /** Notes an upload down, whichever way its bytes will come. @throws AppError `upload_too_large`, `too_many_uploads`, `quota_exceeded` */
  async function reserve({ filename, sizeBytes, public: isPublic }: UploadRequest, identity: Identity): Promise<NewUpload> {
    if (sizeBytes > maxUploadBytes) throw new AppError('upload_too_large', { size_bytes: sizeBytes, max_bytes: maxUploadBytes });
    const id = newId();
    const uploadExpiresAt = new Date(Date.now() + ttlS * 1000);
    const upload = { id, userId: identity.userId, filename, public: isPublic, announcedBytes: sizeBytes, sourceKey: `uploads/${id}/source`, uploadExpiresAt };
    await repository.reserve(upload, { quotaBytes, perUser });
    return upload;
  }

  async function assertWhole(key: string, announced: number | null): Promise<void> {
    const object = await storage.stat(key);
    if (object === null) throw new AppError('upload_missing');
    if (object.size === 0) throw new AppError('empty_file');
    if (announced !== null && object.size !== announced) {
      throw new AppError('upload_size_mismatch', { announced_bytes: announced, uploaded_bytes: object.size });
    }
  }

  return {
    reserve,

    /** Reserves a media and answers where its bytes go: with one request, or in parts. @throws what `reserve` throws */
    async create(request: UploadRequest, identity: Identity): Promise<{ media_id: string; upload: UploadTarget }> {
      const { id, sourceKey, announcedBytes: size, uploadExpiresAt } = await reserve(request, identity);
      const { contentType } = request;
      if (fitsOneRequest(size)) {
        const upload: PresignedRequest = await storage.presignPut(sourceKey, { maxBytes: size, contentType, expiresInS: ttlS });
        return { media_id: id, upload };
      }
      const multipart = await storage.createMultipart(sourceKey, { size, contentType });
      await repository.setMultipart(id, multipart.uploadId);
      const parts = await storage.presignMultipart(multipart, { from: 1, count: PAGE_OF_PARTS, expiresInS: ttlS });
      return { media_id: id, upload: partsView(multipart, parts, uploadExpiresAt) };
    },

    /** URLs of more parts, valid for the rest of the upload's time. @throws AppError `not_found`, `upload_closed`, `upload_expired` */
    async parts(id: string, page: { from: number; count: number }, identity: Identity): Promise<PresignedPart[]> {
      const row = await owned(id, identity);
      assertOpen(row);
      const multipart = multipartOf(row);
      if (multipart === null) throw new AppError('not_found', { media_id: id }, { message: 'This upload has no parts.' });
      const left = ((row.uploadExpiresAt?.getTime() ?? 0) - Date.now()) / 1000;
      if (left < 1) throw new AppError('upload_expired');
      return storage.presignMultipart(multipart, { ...page, expiresInS: Math.floor(left) });
    },

    /** Whether bytes may still be put under an upload's key. @throws AppError `not_found`, `upload_closed`, `upload_expired` */
    async assertOpenKey(sourceKey: string): Promise<void> {
      const row = await repository.find(sourceKey.split('/')[1] ?? '');
      if (row?.sourceKey !== sourceKey || isDeleted(row)) throw new AppError('not_found');
      assertOpen(row);
    },

    /** The upload of a media, for whoever goes on with it. @throws AppError `not_found`, `upload_expired` */
    async find(id: string, identity: Identity): Promise<{ key: string; size: number; open: boolean }> {
      const row = await owned(id, identity);
      if (row.sourceKey === null || row.announcedBytes === null) throw new AppError('not_found', { media_id: id });
      if (row.failureReason === 'upload_expired') throw new AppError('upload_expired');
      return { key: row.sourceKey, size: row.announcedBytes, open: row.state === 'uploading' };
    },

    /**
     * The bytes are there: checks them and sets the media worker to work. Calling it again changes nothing.
     * @throws AppError `not_found`, `upload_missing`, `upload_incomplete`, `upload_size_mismatch`, `empty_file`, `upload_expired`
     */
    async complete(id: string, identity: Identity): Promise<void> {
      const row = await owned(id, identity);
      if (row.failureReason === 'upload_expired') throw new AppError('upload_expired');
      if (row.state !== 'uploading' || row.sourceKey === null) return;
      const multipart = multipartOf(row);
      await (multipart === null ? resumable.finish(row.sourceKey) : storage.completeMultipart(multipart));
      await assertWhole(row.sourceKey, row.announcedBytes);
      const uploaded = createEvent(
        'media.uploaded',
        { media_id: id, user_id: row.userId, file_path: `file:///${row.sourceKey}`, metadata: row.metadata },
        { source: 'realtime', eventId: jobIdOf(id), userId: row.userId },
      );
      await repository.startProcessing(id, uploaded);
    },

    /** Removes a media in whatever state: its job, its objects and, a little later, its row. @throws AppError `not_found` */
    async remove(id: string, identity: Identity, actor: Actor): Promise<void> {
      const row = await owned(id, identity);
      const act = row.userId === identity.userId ? null : { actor, action: 'media.delete', subject: `media:${id}`, details: { user_id: row.userId } };
      await repository.markDeleted(id, { jobId: jobIdOf(id), purgeAt: new Date(Date.now() + PURGE_AFTER_MS), act });
      await discardMedia(row, { storage, resumable });
    },
  };
}

/** The id of the event that starts a media's job, and so of the job. */
function jobIdOf(mediaId: string): string {
  return deriveId(mediaId, 'media.uploaded');
}

function assertOpen({ state, failureReason }: MediaRow): void {
  if (failureReason === 'upload_expired') throw new AppError('upload_expired');
  if (state !== 'uploading') throw new AppError('upload_closed', { state });
}
