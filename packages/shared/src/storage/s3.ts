import { DeleteObjectsCommand, HeadBucketCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../kernel/index.ts';
import { assertKey } from './key.ts';
import { assertAllParts, bytesOfPart, pageOfParts, planParts } from './multipart.ts';
import { createPlaybackUrls, expiryOf, type PlaybackOptions } from './playback.ts';
import type { Storage } from './port.ts';
import { createBucket } from './s3/bucket.ts';
import { createClient, type S3ConnectionOptions } from './s3/client.ts';
import { isNoSuchUpload } from './s3/errors.ts';
import { abortParts, beginParts, finishParts, listParts, sendPart } from './s3/parts.ts';
import { putBytes, putStream } from './s3/put.ts';
import { getObject, headObject } from './s3/read.ts';
import { assertHeaders } from './types.ts';

export interface S3Options extends S3ConnectionOptions, PlaybackOptions {
  bucket: string;
  /** Folder of the bucket that holds the objects, with its slash at the end; '' for the whole bucket. */
  prefix: string;
  /** Where clients reach the bucket, when that is not where we do. */
  publicEndpoint?: string;
}

/** Objects in a bucket of Amazon S3, or of a server that speaks its language. */
export function createS3Storage(options: S3Options): Storage {
  const { now = () => new Date(), publicEndpoint } = options;
  const bucket = createBucket(createClient(options), options.bucket, options.prefix);
  const presigner = publicEndpoint === undefined ? bucket.client : createClient({ ...options, endpoint: publicEndpoint });
  const where = (key: string): { Bucket: string; Key: string } => ({ Bucket: bucket.name, Key: bucket.nameOf(key) });

  /** Pages of the keys below a folder. */
  async function* pages(folder: string): AsyncGenerator<string[]> {
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: bucket.name, Prefix: `${bucket.nameOf(folder)}/`, ContinuationToken: token });
      const page = await bucket.send(bucket.client.send(command));
      yield (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [bucket.keyOf(Key)]));
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async function deleteKeys(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const Objects = keys.map((key) => ({ Key: bucket.nameOf(key) }));
    const { Errors = [] } = await bucket.send(bucket.client.send(new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects, Quiet: true } })));
    const [failed] = Errors;
    if (failed === undefined) return;
    throw new AppError('unavailable', { service: 'storage' }, { cause: new Error(`S3 did not delete ${failed.Key}: ${failed.Code} ${failed.Message}`) });
  }

  const storage: Storage = {
    async put(key, body, putOptions) {
      if (body instanceof Readable) body.on('error', () => undefined); // It may fail before anybody reads it; then reading tells.
      assertKey(key);
      assertHeaders(putOptions);
      putOptions.signal?.throwIfAborted();
      return body instanceof Readable ? putStream(bucket, key, body, putOptions) : putBytes(bucket, key, body, putOptions);
    },

    async putFile(key, file, putOptions) {
      assertKey(key);
      assertHeaders(putOptions);
      const { size } = await stat(file);
      await storage.put(key, createReadStream(file), { ...putOptions, maxBytes: size });
      await rm(file);
      return { size };
    },

    async get(key, range) {
      assertKey(key);
      return getObject(bucket, key, range);
    },

    async stat(key) {
      assertKey(key);
      return headObject(bucket, key);
    },

    async list(prefix) {
      assertKey(prefix);
      const keys: string[] = [];
      for await (const page of pages(prefix)) keys.push(...page);
      return keys.toSorted();
    },

    async delete(prefix) {
      assertKey(prefix);
      await deleteKeys([prefix]);
      for await (const page of pages(prefix)) await deleteKeys(page);
    },

    async download(key, file, { signal } = {}) {
      assertKey(key);
      signal?.throwIfAborted();
      const { body } = await getObject(bucket, key, undefined, signal);
      const target = await open(file, 'wx').catch((error: unknown) => {
        body.destroy();
        throw error;
      });
      try {
        await pipeline(body, target.createWriteStream(), signal === undefined ? {} : { signal });
      } catch (error) {
        await rm(file, { force: true });
        throw error;
      }
    },

    async presignPut(key, { maxBytes, contentType, expiresInS }) {
      assertKey(key);
      assertHeaders({ contentType });
      // The length is signed with the URL: S3 takes exactly so many bytes.
      const command = new PutObjectCommand({ ...where(key), ContentType: contentType, ContentLength: maxBytes });
      const signed = new Set(['content-type', 'content-length']);
      const expiresAt = expiryOf(now(), expiresInS);
      const url = await getSignedUrl(presigner, command, { expiresIn: expiresInS, signableHeaders: signed });
      return { method: 'PUT', url, headers: { 'content-type': contentType }, expires_at: expiresAt.toISOString() };
    },

    async createMultipart(key, { size, contentType }) {
      assertKey(key);
      assertHeaders({ contentType });
      return { key, size, uploadId: await beginParts(bucket, key, { contentType }), ...planParts(size) };
    },

    async presignMultipart(upload, { from, count, expiresInS }) {
      assertKey(upload.key);
      const expiresAt = expiryOf(now(), expiresInS).toISOString();
      return Promise.all(
        pageOfParts(upload.size, { from, count }).map(async (number) => {
          const size = bytesOfPart(upload.size, number);
          const part = { UploadId: upload.uploadId, PartNumber: number, ContentLength: size };
          const command = new UploadPartCommand({ ...where(upload.key), ...part });
          const url = await getSignedUrl(presigner, command, { expiresIn: expiresInS, signableHeaders: new Set(['content-length']) });
          return { number, size_bytes: size, method: 'PUT' as const, url, headers: {}, expires_at: expiresAt };
        }),
      );
    },

    async putPart({ key, uploadId, size }, number, body, { signal } = {}) {
      body.on('error', () => undefined); // As in `put`.
      assertKey(key);
      const expected = bytesOfPart(size, number);
      const bytes = await buffer(atMost(body, expected));
      if (bytes.length < expected) throw new AppError('upload_incomplete', { received_bytes: bytes.length, part_bytes: expected });
      await sendPart(bucket, { key, uploadId, number, bytes, signal });
    },

    async completeMultipart({ key, uploadId, size }) {
      assertKey(key);
      try {
        const parts = await listParts(bucket, key, uploadId);
        assertAllParts(size, new Map(parts.map((part) => [part.number, part.size])));
        await finishParts(bucket, { key, uploadId, size, parts });
      } catch (error) {
        if (!isNoSuchUpload(error)) throw error;
        if ((await headObject(bucket, key))?.size !== size) throw error;
      }
      return { size };
    },

    async abortMultipart({ key, uploadId }) {
      assertKey(key);
      await abortParts(bucket, key, uploadId);
    },

    playbackUrl: createPlaybackUrls(options),

    async ready() {
      await bucket.send(bucket.client.send(new HeadBucketCommand({ Bucket: bucket.name }))).catch((error: unknown) => {
        if (!(error instanceof AppError && error.code === 'not_found')) throw error;
        throw new AppError('unavailable', { service: 'storage' }, { cause: new Error(`the bucket ${bucket.name} does not exist`) });
      });
    },
  };
  return storage;
}

async function* atMost(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AppError('upload_too_large', { part_bytes: maxBytes });
    yield chunk;
  }
}
