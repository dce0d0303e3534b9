import type { Readable } from 'node:stream';

/**
 * Objects under keys like `media/<id>/hls/master.m3u8`. Promises of every adapter, held by `storageConformance`:
 * - **Atomic**: a reader sees the old object or the whole new one, never a part. A put that fails leaves the old one.
 * - **No escape**: a key that is not `assertKey`-clean is refused with `invalid_key`; nothing outside the root is ever read or written.
 * - **Read your writes**: after `put` resolved, `get`, `stat` and `list` show the object.
 */
export interface Storage {
  /**
   * @param options.maxBytes refuses with `upload_too_large` as soon as more came; nothing is kept.
   * @throws AppError `invalid_key`, `upload_too_large`, `insufficient_storage`
   */
  put(key: string, body: Readable | Uint8Array, options: PutOptions): Promise<{ size: number }>;
  /** @param range byte positions, `end` included. @throws AppError `not_found`, `range_not_satisfiable`, `invalid_key` */
  get(key: string, range?: ByteRange): Promise<StoredObject & { body: Readable }>;
  /** Null when there is no such object. */
  stat(key: string): Promise<StoredObject | null>;
  /** Keys below a prefix (a folder, without trailing slash), sorted. */
  list(prefix: string): Promise<string[]>;
  /** Makes an object of a local file, which is gone afterwards. @throws what `put` throws; then the file may still be there */
  putFile(key: string, file: string, options: Omit<PutOptions, 'maxBytes'>): Promise<{ size: number }>;
  /** Removes an object, or all below a prefix. Removing nothing is fine. */
  delete(prefix: string): Promise<void>;
  /** Brings an object to a file that does not exist yet. @throws AppError `not_found` */
  download(key: string, file: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** What a client does to upload straight to the storage, in one request. */
  presignPut(key: string, options: PresignOptions): Promise<PresignedRequest>;
  /** Begins an upload in parts, whose sizes follow from that of the whole. */
  createMultipart(key: string, options: { size: number; contentType: string }): Promise<MultipartUpload & PartPlan>;
  /** What a client does to upload some of the parts, in any order, each as often as it needs. */
  presignMultipart(upload: MultipartUpload, options: PresignPartsOptions): Promise<PresignedPart[]>;
  /**
   * Puts one part of an upload, whole or not at all. It is held in memory where it goes over the network.
   * @throws AppError `not_found` when the upload was completed or aborted, `upload_incomplete`, `upload_too_large`
   */
  putPart(upload: MultipartUpload, number: number, body: Readable, options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Makes the object of the parts that are there, after a look at them. Again after it succeeded: the same answer.
   * @throws AppError `not_found`, `upload_incomplete` with the numbers that are `missing`, at most ten of them
   */
  completeMultipart(upload: MultipartUpload): Promise<{ size: number }>;
  /** Removes an upload in parts. Removing none is fine; the object, if there is one, stays. */
  abortMultipart(upload: MultipartUpload): Promise<void>;
  /** The URL where players get the object: signed for its folder `a/b` (so relative URLs in playlists work), or on the CDN. */
  playbackUrl(key: string, options: { public: boolean }): string;
  /** Rejects when the storage cannot be used. */
  ready(): Promise<void>;
}

export interface PutOptions {
  contentType: string;
  cacheControl?: string;
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredObject {
  key: string;
  /** Bytes of the whole object. */
  size: number;
  contentType: string;
  cacheControl?: string;
  modifiedAt: Date;
  etag: string;
}

export interface PresignOptions {
  maxBytes: number;
  contentType: string;
  expiresInS: number;
}

export interface PresignedRequest {
  method: 'PUT';
  url: string;
  headers: Record<string, string>;
  /** ISO 8601. */
  expires_at: string;
}

/** An upload in parts that was begun. Its parts follow from its size. */
export interface MultipartUpload {
  key: string;
  /** The storage's name of it. */
  uploadId: string;
  /** Bytes of the whole object. */
  size: number;
}

/** How an object of a size is cut: all parts are `partSize` bytes long but the last, which is the rest. */
export interface PartPlan {
  partSize: number;
  partCount: number;
}

export interface PresignPartsOptions {
  /** Number of the first part, from 1. */
  from: number;
  /** Most parts; fewer are answered at the end. */
  count: number;
  expiresInS: number;
}

export interface PresignedPart extends PresignedRequest {
  number: number;
  size_bytes: number;
}
