import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../../../test/support/services/process.ts';
import { freshBucket, isInstalled, S3_SERVERS, startS3 } from '../../../../test/support/services/s3.ts';
import { serverPort } from '../../../../test/support/services/tcp.ts';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.ts';
import { describeError } from '../../src/kernel/index.ts';
import { openStorage, type Storage } from '../../src/storage/index.ts';
import { createS3Storage, type S3Options } from '../../src/storage/s3.ts';
import { startFaultyProxy, type Fault, type FaultyProxy } from './faulty-proxy.ts';

const PLAYBACK = { secret: 'a secret of at least thirty-two letters', publicUrl: 'http://host:4000', playbackUrlTtlS: 3600 };
const VIDEO = { contentType: 'video/mp4' };
const MiB = 1024 ** 2;

let service: Service;
let bucket: Awaited<ReturnType<typeof freshBucket>>;
let folder: string;
let proxies: { close(): Promise<void> }[];

beforeEach(async () => {
  bucket = await freshBucket(service);
  folder = await mkdtemp(join(tmpdir(), 's3-'));
  proxies = [];
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await rm(folder, { recursive: true });
});

const open = (options: Partial<S3Options> = {}): Storage => createS3Storage({ ...PLAYBACK, ...bucket, ...options });
async function through(choose: Parameters<typeof startFaultyProxy>[1], options: Partial<S3Options> = {}): Promise<{ storage: Storage; proxy: FaultyProxy }> {
  const proxy = await startFaultyProxy(service.url, choose);
  proxies.push(proxy);
  return { storage: open({ endpoint: proxy.url, ...options }), proxy };
}

/** Bytes that differ from block to block, made as they are read. */
function generated(bytes: number, hash: Hash): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes; at += MiB) {
        const chunk = Buffer.alloc(Math.min(MiB, bytes - at), `block ${at} `);
        hash.update(chunk);
        yield chunk;
      }
    })(),
  );
}

async function digestOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

describe.each(S3_SERVERS.filter(isInstalled))('%s', (server) => {
  beforeAll(async () => {
    service = await startS3(server);
  });
  afterAll(() => service.stop());

  describe('large objects', () => {
    it('of 200 MB go there and back in parts, and come out as they went in', { timeout: 120_000 }, async () => {
      const storage = open();
      const sent = createHash('sha256');
      expect(await storage.put('a/large', generated(200 * MiB + 7, sent), VIDEO)).toEqual({ size: 200 * MiB + 7 });
      const digest = sent.digest('hex');
      expect(await storage.stat('a/large')).toMatchObject({ size: 200 * MiB + 7, contentType: 'video/mp4' });
      await storage.download('a/large', join(folder, 'file'));
      expect(await digestOf(createReadStream(join(folder, 'file')))).toBe(digest);
      const { body } = await storage.get('a/large', { start: 8 * MiB - 5, end: 8 * MiB + 4 });
      expect((await buffer(body)).toString()).toBe(`${'block 7340032 '.repeat(MiB).slice(MiB - 5, MiB)}block 8388`.slice(0, 10));
    });

    it('leave nothing behind when their body fails, is too long or is aborted in the middle', async () => {
      let aborted = 0;
      const { storage, proxy } = await through((_number, { method, url }) => {
        if (method === 'DELETE' && url?.includes('uploadId=')) aborted += 1;
        return undefined;
      });
      const broken = Readable.from((async function* () { yield Buffer.alloc(20 * MiB); throw new Error('the client went away'); })());
      await expect(storage.put('a/b', broken, VIDEO)).rejects.toThrow('the client went away');
      await expect(storage.put('a/b', generated(30 * MiB, createHash('md5')), { ...VIDEO, maxBytes: 20 * MiB })).rejects.toMatchObject({ code: 'upload_too_large' });
      const controller = new AbortController();
      const endless = Readable.from((async function* () { yield Buffer.alloc(20 * MiB); controller.abort(); yield Buffer.alloc(20 * MiB); })());
      await expect(storage.put('a/b', endless, { ...VIDEO, signal: controller.signal })).rejects.toThrow(/abort/i);
      expect([aborted, await storage.list('a')]).toEqual([3, []]);
      expect(proxy.faults).toBe(0);
    });

    it('are listed and deleted by the thousand', { timeout: 120_000 }, async () => {
      const storage = open({ prefix: 'deep/' });
      const keys = Array.from({ length: 1_050 }, (_, index) => `media/1/hls/${String(index).padStart(4, '0')}.m4s`);
      await Promise.all(Array.from({ length: 16 }, async (_, lane) => {
        for (let at = lane; at < keys.length; at += 16) await storage.put(keys[at]!, Buffer.from('x'), VIDEO);
      }));
      await storage.put('media/10/a', Buffer.from('x'), VIDEO);
      expect(await storage.list('media/1')).toEqual(keys);
      await storage.delete('media/1');
      expect(await storage.list('media')).toEqual(['media/10/a']);
    });
  });

  describe('a server that fails every third request', () => {
    const FAULTS: Fault[][] = [[500, 503], ['lost request'], ['lost answer'], ['cut answer']];
    it.each(FAULTS)('with %s breaks no operation', { timeout: 60_000 }, async (...faults) => {
      let failed = 0;
      const { storage, proxy } = await through((number, { method }) => {
        const fault = number % 3 === 0 ? faults[(failed += 1) % faults.length] : undefined;
        return fault === 'cut answer' && method !== 'GET' ? undefined : fault; // Of the others the answers are too short to be cut.
      });
      const hash = createHash('sha256');
      for (let i = 0; i < 6; i++) await storage.put(`a/small${i}`, Buffer.from(`object ${i}`), VIDEO);
      await storage.put('a/large', generated(30 * MiB, hash), VIDEO);
      expect(await digestOf((await storage.get('a/large')).body)).toBe(hash.digest('hex'));
      expect(await text((await storage.get('a/small1', { start: 0, end: 5 })).body)).toBe('object');
      await storage.download('a/large', join(folder, 'large'));
      expect((await stat(join(folder, 'large'))).size).toBe(30 * MiB);
      expect(await storage.stat('a/small2')).toMatchObject({ size: 8 });
      expect(await storage.stat('a/none')).toBeNull();
      expect(await storage.list('a')).toHaveLength(7);

      const upload = await storage.createMultipart('b/parts', { size: 3, ...VIDEO });
      await storage.putPart(upload, 1, Readable.from([Buffer.from('abc')]));
      expect(await storage.completeMultipart(upload)).toEqual({ size: 3 });
      await storage.abortMultipart(await storage.createMultipart('b/none', { size: 3, ...VIDEO }));
      await storage.delete('a');
      expect(await storage.list('a')).toEqual([]);
      await storage.ready();
      expect(proxy.faults).toBeGreaterThan(faults.includes('cut answer') ? 0 : 4);
    });
  });

  it('takes an upload for done whose last answer was lost', async () => {
    const lost = new Set<string>();
    const { storage, proxy } = await through((_number, { method, url = '' }) => {
      if (method !== 'POST' || !url.includes('uploadId=') || lost.has(url)) return undefined;
      lost.add(url);
      return 'lost answer';
    });
    expect(await storage.put('a/large', generated(9 * MiB, createHash('md5')), VIDEO)).toEqual({ size: 9 * MiB });
    const upload = await storage.createMultipart('a/parts', { size: 3, ...VIDEO });
    await storage.putPart(upload, 1, Readable.from([Buffer.from('abc')]));
    expect(await storage.completeMultipart(upload)).toEqual({ size: 3 });
    expect(proxy.faults).toBe(2);
  });

  describe('a reader', () => {
    it('goes on where the connection was cut, and gives up when it is cut without end', async () => {
      await open().put('a/b', generated(4 * MiB, createHash('md5')), VIDEO);
      let cuts = 0;
      const { storage } = await through((_number, { method }) => (method === 'GET' && (cuts += 1) <= 3 ? 'cut answer' : undefined));
      expect((await buffer((await storage.get('a/b')).body)).length).toBe(4 * MiB);
      const broken = await through((_number, { method, headers }) => (method === 'GET' && headers['range'] !== undefined ? 500 : method === 'GET' ? 'cut answer' : undefined));
      await expect(broken.storage.download('a/b', join(folder, 'x'))).rejects.toMatchObject({ code: 'unavailable' });
      expect(await readdir(folder)).toEqual([]);
    });

    it('never joins two objects that followed each other under a key', async () => {
      await open().put('a/b', Buffer.alloc(4 * MiB, 'old'), VIDEO);
      const { storage } = await through((_number, { method, headers }) => (method === 'GET' && headers['range'] === undefined ? 'cut answer' : undefined));
      const { body } = await storage.get('a/b');
      await open().put('a/b', Buffer.alloc(4 * MiB, 'new'), VIDEO);
      await expect(buffer(body)).rejects.toMatchObject({ code: 'unavailable' });
    });

    it('that nobody reads from holds no connection', async () => {
      await open().put('a/b', Buffer.alloc(MiB), VIDEO);
      const storage = open();
      for (let i = 0; i < 200; i++) (await storage.get('a/b')).body.destroy(); // More than there are connections.
      expect((await buffer((await storage.get('a/b')).body)).length).toBe(MiB);
    });
  });

  describe('a bucket that cannot be used', () => {
    const saying = (what: string) => expect.objectContaining({ code: 'unavailable', cause: expect.objectContaining({ message: expect.stringContaining(what) }) });

    it('is told apart for the log: none of that name, a refusal, nobody there', async () => {
      const none = open({ bucket: 'there-is-none' });
      await expect(none.ready()).rejects.toThrow(saying('the bucket there-is-none does not exist') as never);
      await expect(none.put('a/b', Buffer.from('x'), VIDEO)).rejects.toSatisfy((error: Error) => describeError(error).includes('does not exist'));

      const timeouts = { connectMs: 500, idleMs: 500, requestMs: 500 };
      const nobody = open({ endpoint: `http://127.0.0.1:${await serverPort()}`, timeouts });
      await expect(nobody.put('a/b', Buffer.from('x'), VIDEO)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
      await expect(nobody.stat('a/b')).rejects.toMatchObject({ code: 'unavailable' });
      await expect(nobody.ready()).rejects.toMatchObject({ code: 'unavailable' });
    });

    it('does not hold up its callers when it falls silent', { timeout: 60_000 }, async () => {
      const proxy = await startTcpProxy(service.url);
      proxies.push(proxy);
      const storage = open({ endpoint: proxy.through(service.url).replace(/\/$/, ''), timeouts: { connectMs: 300, idleMs: 300, requestMs: 300 } });
      await storage.put('a/b', Buffer.from('x'), VIDEO);
      proxy.freeze();
      await expect(storage.stat('a/b')).rejects.toMatchObject({ code: 'unavailable' });
      proxy.thaw();
      expect(await storage.stat('a/b')).toMatchObject({ size: 1 });
    });
  });

  describe('presigned requests', () => {
    it('take what they were signed for, type and length included, at the address that clients know', async () => {
      const storage = open({ publicEndpoint: service.url.replace('127.0.0.1', 'localhost') });
      const { url, headers, method } = await storage.presignPut('media/1/source', { maxBytes: 5, ...VIDEO, expiresInS: 60 });
      expect(new URL(url).hostname).toBe('localhost');
      expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host');
      expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('60');
      expect([...new URL(url).searchParams.keys()].filter((name) => /checksum|sdk/i.test(name))).toEqual([]);
      const response = await fetch(url.replace('localhost', '127.0.0.1'), { method, headers, body: 'bytes' });
      expect(response.status).toBe(200);
      expect(await storage.stat('media/1/source')).toMatchObject({ size: 5, contentType: 'video/mp4' });
    });

    it('of parts make an upload', async () => {
      const storage = open();
      const upload = await storage.createMultipart('a/b', { size: 17 * MiB, ...VIDEO });
      const parts = await storage.presignMultipart(upload, { from: 1, count: 10, expiresInS: 60 });
      expect(new URL(parts[0]!.url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
      for (const { url, method, headers, size_bytes } of parts) expect((await fetch(url, { method, headers, body: Buffer.alloc(size_bytes) })).status).toBe(200);
      expect(await storage.completeMultipart(upload)).toEqual({ size: 17 * MiB });
    });
  });

  describe('the configuration', () => {
    const settings = () => ({
      ...{ STORAGE_DIR: folder, SECRET_KEY_BASE: PLAYBACK.secret, PUBLIC_URL: 'http://host', CDN_BASE_URL: undefined, PLAYBACK_URL_TTL_S: 60 },
      ...{ S3_BUCKET: bucket.bucket, S3_PREFIX: 'objects', S3_ENDPOINT: bucket.endpoint, S3_PUBLIC_ENDPOINT: undefined, S3_REGION: 'eu-central-1' },
      ...{ S3_ACCESS_KEY_ID: 'S3RVER' as string | undefined, S3_SECRET_ACCESS_KEY: 'S3RVER' as string | undefined, S3_FORCE_PATH_STYLE: undefined },
    });

    it('opens a folder of a bucket', async () => {
      const storage = await openStorage(settings());
      await storage.put('a/b', Buffer.from('x'), VIDEO);
      expect(await open().list('objects')).toEqual(['objects/a/b']);
      expect(await readdir(folder)).toEqual([]);
      expect(storage.playbackUrl('media/1/hls/master.m3u8', { public: true })).toMatch(/^http:\/\/host\/files\//);
    });

    it('needs key and secret, or neither', async () => {
      await expect(openStorage({ ...settings(), S3_SECRET_ACCESS_KEY: undefined })).rejects.toThrow('S3_SECRET_ACCESS_KEY: is not set');
      await expect(openStorage({ ...settings(), S3_ACCESS_KEY_ID: undefined })).rejects.toThrow('S3_ACCESS_KEY_ID: is not set');
    });
  });
});
