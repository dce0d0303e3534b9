import { PutObjectCommand } from '@aws-sdk/client-s3';
import { addAbortSignal, type Readable } from 'node:stream';
import { AppError } from '../../kernel/index.ts';
import type { PutOptions } from '../port.ts';
import type { Bucket } from './bucket.ts';
import { abortParts, beginParts, finishParts, sendPart, type SentPart } from './parts.ts';

const MiB = 1024 ** 2;
/** An object of up to so many bytes goes in one request. Held in memory, so that it can be sent again. */
const PART_BYTES = 8 * MiB;
const MAX_PARTS = 10_000;
/** Parts of one object on their way at once: with the one that fills, at most four are in memory. */
const IN_FLIGHT = 3;

/**
 * Puts a stream of unknown length: small ones whole, others in parts. Nothing stays when it fails.
 * @throws AppError `upload_too_large` as soon as more than `maxBytes` came; what the body throws; what `Bucket.send` throws
 */
export async function putStream(bucket: Bucket, key: string, body: Readable, options: PutOptions): Promise<{ size: number }> {
  const { maxBytes = PART_BYTES * MAX_PARTS, signal } = options;
  const partBytes = Math.max(PART_BYTES, Math.ceil(maxBytes / MAX_PARTS));
  if (signal !== undefined) addAbortSignal(signal, body);
  try {
    const chunks = cut(body, partBytes, maxBytes);
    const first = await chunks.next();
    const bytes = first.done === true ? Buffer.alloc(0) : first.value;
    if (bytes.length < partBytes) return await putBytes(bucket, key, bytes, options);
    return await putParts(bucket, key, bytes, chunks, options);
  } finally {
    body.destroy();
  }
}

/** Puts what is in memory, in one request. */
export async function putBytes(bucket: Bucket, key: string, bytes: Uint8Array, options: PutOptions): Promise<{ size: number }> {
  const { contentType, cacheControl, maxBytes = Infinity, signal } = options;
  if (bytes.length > maxBytes) throw new AppError('upload_too_large', { max_bytes: maxBytes });
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: bucket.nameOf(key),
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: contentType,
    CacheControl: cacheControl,
  });
  await bucket.send(bucket.client.send(command, signal === undefined ? {} : { abortSignal: signal }), key);
  return { size: bytes.length };
}

async function putParts(
  bucket: Bucket,
  key: string,
  first: Buffer,
  rest: AsyncIterable<Buffer>,
  { contentType, cacheControl, signal }: PutOptions,
): Promise<{ size: number }> {
  const uploadId = await beginParts(bucket, key, { contentType, ...(cacheControl === undefined ? {} : { cacheControl }) });
  const failure = new AbortController();
  const stop = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
  const sent: SentPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let [size, number] = [0, 0];
  const begin = (bytes: Buffer): void => {
    number += 1;
    size += bytes.length;
    const sending = sendPart(bucket, { key, uploadId, number, bytes, signal: stop })
      .then((part) => void sent.push(part), (error: unknown) => failure.abort(error))
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  };

  try {
    begin(first);
    for await (const bytes of rest) {
      if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
      failure.signal.throwIfAborted();
      begin(bytes);
    }
    await Promise.all(inFlight);
    stop.throwIfAborted();
    await finishParts(bucket, { key, uploadId, size, parts: sent });
    return { size };
  } catch (error) {
    failure.abort(error);
    await Promise.all(inFlight);
    // What cannot be removed now is left to the bucket's lifecycle rule; the first error is the one to tell.
    await abortParts(bucket, key, uploadId).catch(() => undefined);
    throw error;
  }
}

/** Cuts a stream into buffers of `partBytes`, the last one shorter; none for an empty stream. */
async function* cut(body: AsyncIterable<Uint8Array | string>, partBytes: number, maxBytes: number): AsyncGenerator<Buffer, undefined> {
  let held: Buffer[] = [];
  let [heldBytes, total] = [0, 0];
  for await (const piece of body) {
    let chunk = Buffer.from(piece as Uint8Array);
    total += chunk.length;
    if (total > maxBytes) throw new AppError('upload_too_large', { max_bytes: maxBytes });
    while (heldBytes + chunk.length >= partBytes) {
      const fits = partBytes - heldBytes;
      yield Buffer.concat([...held, chunk.subarray(0, fits)]);
      chunk = chunk.subarray(fits);
      [held, heldBytes] = [[], 0];
    }
    held.push(chunk);
    heldBytes += chunk.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}
