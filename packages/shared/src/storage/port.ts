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
  /** Removes an object, or all below a prefix. Removing nothing is fine. */
  delete(prefix: string): Promise<void>;
  /** Brings an object to a file that does not exist yet. @throws AppError `not_found` */
  download(key: string, file: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** What a client does to upload straight to the storage. */
  presignPut(key: string, options: PresignOptions): PresignedRequest;
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
