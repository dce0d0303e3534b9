import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { AppError } from '../../kernel/index.ts';
import type { Bucket } from './bucket.ts';
import { isNoSuchUpload } from './errors.ts';

export interface SentPart {
  number: number;
  etag: string;
}

export async function beginParts(bucket: Bucket, key: string, headers: { contentType: string; cacheControl?: string }): Promise<string> {
  const { contentType, cacheControl } = headers;
  const where = { Bucket: bucket.name, Key: bucket.nameOf(key) };
  const command = new CreateMultipartUploadCommand({ ...where, ContentType: contentType, CacheControl: cacheControl });
  const { UploadId } = await bucket.send(bucket.client.send(command), key);
  if (UploadId === undefined) throw new AppError('unavailable', { service: 'storage' }, { cause: new Error('S3 named no upload') });
  return UploadId;
}

interface PartToSend {
  key: string;
  uploadId: string;
  number: number;
  bytes: Uint8Array;
  signal?: AbortSignal | undefined;
}

export async function sendPart(bucket: Bucket, { key, uploadId, number, bytes, signal }: PartToSend): Promise<SentPart> {
  const where = { Bucket: bucket.name, Key: bucket.nameOf(key), UploadId: uploadId };
  const command = new UploadPartCommand({ ...where, PartNumber: number, Body: bytes, ContentLength: bytes.length });
  const { ETag } = await bucket.send(bucket.client.send(command, signal === undefined ? {} : { abortSignal: signal }), key);
  if (ETag === undefined) throw new AppError('unavailable', { service: 'storage' }, { cause: new Error('S3 gave a part no ETag') });
  return { number, etag: ETag };
}

/** The parts that S3 has, in the order of their numbers. @throws AppError `not_found` when there is no such upload */
export async function listParts(bucket: Bucket, key: string, uploadId: string): Promise<(SentPart & { size: number })[]> {
  const parts: (SentPart & { size: number })[] = [];
  let marker: string | undefined;
  do {
    const where = { Bucket: bucket.name, Key: bucket.nameOf(key), UploadId: uploadId };
    const page = await bucket.send(bucket.client.send(new ListPartsCommand({ ...where, PartNumberMarker: marker })), key);
    for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? []) parts.push({ number: PartNumber, etag: ETag, size: Size });
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return parts;
}

/**
 * Makes the object of its parts. An answer that was lost on the way is no failure: an upload that S3 knows no more, in whose
 * place lies an object of the right size, was finished before.
 */
export async function finishParts(
  bucket: Bucket,
  { key, uploadId, size, parts }: { key: string; uploadId: string; size: number; parts: readonly SentPart[] },
): Promise<void> {
  const where = { Bucket: bucket.name, Key: bucket.nameOf(key) };
  const Parts = parts.toSorted((a, b) => a.number - b.number).map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
  const command = new CompleteMultipartUploadCommand({ ...where, UploadId: uploadId, MultipartUpload: { Parts } });
  try {
    await bucket.send(bucket.client.send(command), key);
  } catch (error) {
    if (!isNoSuchUpload(error)) throw error;
    const { ContentLength } = await bucket.send(bucket.client.send(new HeadObjectCommand(where)), key);
    if (ContentLength !== size) throw error;
  }
}

/** Removing none is fine. */
export async function abortParts(bucket: Bucket, key: string, uploadId: string): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: bucket.nameOf(key), UploadId: uploadId });
  try {
    await bucket.send(bucket.client.send(command), key);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'not_found')) throw error;
  }
}
