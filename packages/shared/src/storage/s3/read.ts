import { GetObjectCommand, HeadObjectCommand, type GetObjectCommandOutput, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, fullJitter } from '../../kernel/index.ts';
import type { ByteRange, StoredObject } from '../port.ts';
import { isRange } from '../range.ts';
import { contentTypeOf } from '../types.ts';
import type { Bucket } from './bucket.ts';

/** How often in a row reading goes on after a cut without a byte in between. */
const MAX_CUTS = 5;
const BACKOFF = { baseMs: 100, maxMs: 5_000 };

export async function headObject(bucket: Bucket, key: string): Promise<StoredObject | null> {
  try {
    const command = new HeadObjectCommand({ Bucket: bucket.name, Key: bucket.nameOf(key) });
    const head = await bucket.send(bucket.client.send(command), key);
    return objectOf(key, head, head.ContentLength ?? 0);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null;
    throw error;
  }
}

/**
 * An object and its bytes. Where the connection is cut on the way, reading goes on from there, as long as it is the same object.
 * @throws AppError `not_found`, `range_not_satisfiable` with the `size`, `unavailable`; the body ends with `unavailable`
 */
export async function getObject(bucket: Bucket, key: string, range: ByteRange | undefined, signal?: AbortSignal): Promise<StoredObject & { body: Readable }> {
  const first = await firstAnswer(bucket, key, range, signal);
  const size = sizeOf(first);
  const end = Math.min(range?.end ?? Infinity, size - 1);
  const bytes = readOn(bucket, { key, first, start: range?.start ?? 0, end, signal });
  const body = Readable.from(bytes, { objectMode: false });
  body.once('close', () => (first.Body as Readable).destroy()); // Also when nobody read a byte of it.
  return { ...objectOf(key, first, size), body };
}

async function firstAnswer(bucket: Bucket, key: string, range: ByteRange | undefined, signal: AbortSignal | undefined): Promise<GetObjectCommandOutput> {
  try {
    if (range === undefined || isRange(range)) return await request(bucket, key, { range, signal });
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'range_not_satisfiable')) throw error;
  }
  const object = await headObject(bucket, key);
  throw object === null ? new AppError('not_found', { key }) : new AppError('range_not_satisfiable', { size: object.size });
}

interface Reading {
  key: string;
  first: GetObjectCommandOutput;
  /** Of the first byte. */
  start: number;
  /** Of the last byte, which is read too. */
  end: number;
  signal: AbortSignal | undefined;
}

async function* readOn(bucket: Bucket, { key, first, start, end, signal }: Reading): AsyncGenerator<Uint8Array> {
  let body = first.Body as Readable;
  let [at, cuts] = [start, 0];
  while (at <= end) {
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        const wanted = chunk.subarray(0, end + 1 - at); // Some servers give more than they were asked for.
        at += wanted.length;
        cuts = 0;
        yield wanted;
        if (at > end) return;
      }
      throw new Error(`the object ended ${end + 1 - at} bytes early`);
    } catch (cause) {
      signal?.throwIfAborted();
      cuts += 1;
      if (cuts > MAX_CUTS) throw new AppError('unavailable', { service: 'storage' }, { cause });
      await delay(fullJitter(BACKOFF, cuts), undefined, signal === undefined ? {} : { signal });
      const next = await request(bucket, key, { range: { start: at, end }, etag: first.ETag, signal });
      body = next.Body as Readable;
    }
  }
}

async function request(
  bucket: Bucket,
  key: string,
  { range, etag, signal }: { range: ByteRange | undefined; etag?: string | undefined; signal: AbortSignal | undefined },
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({
    Bucket: bucket.name,
    Key: bucket.nameOf(key),
    Range: range === undefined ? undefined : `bytes=${range.start}-${range.end}`,
    IfMatch: etag,
  });
  const answer = await bucket.send(bucket.client.send(command, signal === undefined ? {} : { abortSignal: signal }), key);
  const ranged = range === undefined || range.start === 0 || answer.ContentRange !== undefined;
  // Not every server minds what it was asked for.
  if (ranged && (etag === undefined || answer.ETag === etag)) return answer;
  (answer.Body as Readable).destroy();
  const cause = new Error(ranged ? 'the object was replaced while it was read' : 'S3 answered without the range that was asked for');
  throw new AppError('unavailable', { service: 'storage' }, { cause });
}

/** Bytes of the whole object, of which an answer may hold a part. */
function sizeOf({ ContentRange, ContentLength = 0 }: GetObjectCommandOutput): number {
  const [, total] = /\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  return total === undefined ? ContentLength : Number(total);
}

function objectOf(key: string, head: GetObjectCommandOutput | HeadObjectCommandOutput, size: number): StoredObject {
  const { ContentType, CacheControl, LastModified, ETag } = head;
  return {
    key,
    size,
    contentType: ContentType ?? contentTypeOf(key),
    ...(CacheControl === undefined || CacheControl === '' ? {} : { cacheControl: CacheControl }),
    modifiedAt: LastModified ?? new Date(0),
    etag: ETag ?? '""',
  };
}
