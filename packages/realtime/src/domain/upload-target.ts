import type { MediaRow } from '@armoricore/shared/db';
import type { MultipartUpload, PartPlan, PresignedPart, PresignedRequest } from '@armoricore/shared/storage';

/** Where the bytes of an upload go. */
export type UploadTarget = PresignedRequest | { multipart: MultipartTarget };

/** All parts are `part_size` bytes long but the last. URLs of those that are not in `parts` are asked for in pages. */
export interface MultipartTarget {
  part_size: number;
  part_count: number;
  parts: PresignedPart[];
  /** When the upload has to be complete; ISO 8601. */
  expires_at: string;
}

/** What is larger goes in parts: a cut costs one of them, not the whole. */
const ONE_REQUEST_BYTES = 100_000_000;
/** Parts whose URLs come with the upload. */
export const PAGE_OF_PARTS = 20;

export function fitsOneRequest(size: number): boolean {
  return size <= ONE_REQUEST_BYTES;
}

/** The upload in parts that belongs to a media; null when its bytes come another way. */
export function multipartOf({ sourceKey, multipartId, announcedBytes }: MediaRow): MultipartUpload | null {
  if (sourceKey === null || multipartId === null || announcedBytes === null) return null;
  return { key: sourceKey, uploadId: multipartId, size: announcedBytes };
}

export function partsView({ partSize, partCount }: PartPlan, parts: PresignedPart[], expiresAt: Date): UploadTarget {
  return { multipart: { part_size: partSize, part_count: partCount, parts, expires_at: expiresAt.toISOString() } };
}
