import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { atomicityConformance } from './conformance/atomicity.ts';
import { multipartConformance } from './conformance/multipart.ts';
import type { Storage } from './port.ts';

export interface StorageHarness {
  storage: Storage;
  close(): Promise<void>;
}

export interface ConformanceOptions {
  /** False for a test server that itself writes objects in place: then nothing is asked about readers beside a writer. */
  atomic?: boolean;
}

const UNCLEAN_KEYS = [
  ...['', '/', '/etc/passwd', '../x', 'a/../../x', 'a/..', './a', '.tmp/x', '.meta/x', 'a//b', 'a/'],
  ...['a\\..\\b', 'a\0b', 'a b', 'ä', '%2e%2e/x', '-rf'],
];
const TEXT = { contentType: 'text/plain' };

/** Holds an adapter against every promise of the `Storage` port. Each test gets an empty storage. */
export function storageConformance(name: string, makeStorage: () => Promise<StorageHarness>, { atomic = true }: ConformanceOptions = {}): void {
  describe(`${name} keeps the promises of a storage`, () => {
    let harness: StorageHarness;
    let storage: Storage;
    let scratch: string;
    const read = async (key: string): Promise<string> => text((await storage.get(key)).body);

    beforeEach(async () => {
      harness = await makeStorage();
      storage = harness.storage;
      scratch = await mkdtemp(join(tmpdir(), 'storage-conformance-'));
    });
    afterEach(async () => {
      await harness.close();
      await rm(scratch, { recursive: true, force: true });
    });

    it('is ready', async () => {
      await storage.ready();
    });

    it('gives back what was put, with what was told about it', async () => {
      const headers = { contentType: 'video/quicktime', cacheControl: 'public, max-age=60' };
      expect(await storage.put('media/1/source.mp4', Readable.from(['ab', 'cd'].map((part) => Buffer.from(part))), headers)).toEqual({ size: 4 });
      const { body, ...object } = await storage.get('media/1/source.mp4');
      expect(await text(body)).toBe('abcd');
      expect(object).toMatchObject({ key: 'media/1/source.mp4', size: 4, ...headers });
      expect(object.etag).toMatch(/^"[^"]+"$/);
      expect(Math.abs(Date.now() - object.modifiedAt.getTime())).toBeLessThan(60_000);
      expect(await storage.stat('media/1/source.mp4')).toEqual(object);
    });

    it('takes an empty object', async () => {
      expect(await storage.put('a/empty', new Uint8Array(), TEXT)).toEqual({ size: 0 });
      expect(await read('a/empty')).toBe('');
    });

    it('replaces an object whole: bytes, type and etag', async () => {
      await storage.put('a/b', Buffer.from('a longer first text'), TEXT);
      const first = await storage.stat('a/b');
      await storage.put('a/b', Buffer.from('second'), { contentType: 'application/json' });
      expect(await read('a/b')).toBe('second');
      const second = await storage.stat('a/b');
      expect(second).toMatchObject({ size: 6, contentType: 'application/json' });
      expect(second?.cacheControl).toBeUndefined();
      expect(second?.etag).not.toBe(first?.etag);
    });

    it('keeps the old object when the body fails', async () => {
      await storage.put('a/b', Buffer.from('old'), TEXT);
      const failing = Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000);
          throw new Error('the client went away');
        })(),
      );
      await expect(storage.put('a/b', failing, TEXT)).rejects.toThrow('the client went away');
      await expect(storage.put('a/c', Readable.from([]).destroy(new Error('dead before')), TEXT)).rejects.toThrow();
      expect(await read('a/b')).toBe('old');
      expect(await storage.list('a')).toEqual(['a/b']);
    });

    it('keeps the old object when the put is aborted', async () => {
      await storage.put('a/b', Buffer.from('old'), TEXT);
      const controller = new AbortController();
      const endless = new Readable({ read: () => undefined });
      endless.push(Buffer.from('begun'));
      const put = storage.put('a/b', endless, { ...TEXT, signal: controller.signal });
      controller.abort();
      await expect(put).rejects.toThrow(/abort/i);
      await expect(storage.put('a/c', Buffer.from('x'), { ...TEXT, signal: controller.signal })).rejects.toThrow(/abort/i);
      expect(await read('a/b')).toBe('old');
      expect(await storage.list('a')).toEqual(['a/b']);
    });

    it('stops a put as soon as it is over its limit, and takes one that just fits', async () => {
      let pulled = 0;
      const endless = new Readable({ read() { this.push(Buffer.alloc(1000)); pulled += 1000; } });
      await expect(storage.put('a/b', endless, { ...TEXT, maxBytes: 10_000 })).rejects.toMatchObject({ code: 'upload_too_large' });
      expect(endless.destroyed).toBe(true);
      expect(pulled).toBeLessThan(1_000_000);
      expect(await storage.stat('a/b')).toBeNull();
      await storage.put('a/b', Buffer.alloc(10_000), { ...TEXT, maxBytes: 10_000 });
      expect(await storage.stat('a/b')).toMatchObject({ size: 10_000 });
    });

    it('reads ranges, both ends included, the end clipped to the object', async () => {
      await storage.put('a/b', Buffer.from('0123456789'), TEXT);
      const range = async (start: number, end: number): Promise<[string, number]> => {
        const { body, size } = await storage.get('a/b', { start, end });
        return [await text(body), size];
      };
      expect(await range(0, 0)).toEqual(['0', 10]);
      expect(await range(3, 5)).toEqual(['345', 10]);
      expect(await range(8, 1000)).toEqual(['89', 10]);
      for (const [start, end] of [[10, 12], [5, 3], [-1, 3], [0.5, 3], [0, NaN]] as const) {
        await expect(storage.get('a/b', { start, end })).rejects.toMatchObject({ code: 'range_not_satisfiable', details: { size: 10 } });
      }
    });

    it('tells that an object does not exist', async () => {
      await expect(storage.get('a/b')).rejects.toMatchObject({ code: 'not_found' });
      await expect(storage.download('a/b', join(scratch, 'file'))).rejects.toMatchObject({ code: 'not_found' });
      expect(await storage.stat('a/b')).toBeNull();
      expect(await storage.list('a')).toEqual([]);
      await storage.put('a/b/c', Buffer.from('x'), TEXT);
      expect(await storage.stat('a/b')).toBeNull();
      await expect(storage.get('a/b')).rejects.toMatchObject({ code: 'not_found' });
    });

    it.each([...UNCLEAN_KEYS, `a/${'x'.repeat(200)}`, `${'a/'.repeat(9)}a`])(
      'refuses the key %j everywhere',
      async (key) => {
        const refused = { code: 'invalid_key' };
        await expect(storage.put(key, Buffer.from('x'), TEXT)).rejects.toMatchObject(refused);
        await expect(storage.get(key)).rejects.toMatchObject(refused);
        await expect(storage.stat(key)).rejects.toMatchObject(refused);
        await expect(storage.list(key)).rejects.toMatchObject(refused);
        await expect(storage.delete(key)).rejects.toMatchObject(refused);
        await expect(storage.download(key, join(scratch, 'file'))).rejects.toMatchObject(refused);
        await expect(storage.putFile(key, join(scratch, 'file'), TEXT)).rejects.toMatchObject(refused);
        await expect(storage.presignPut(key, { ...TEXT, maxBytes: 1, expiresInS: 1 })).rejects.toMatchObject(refused);
        await expect(storage.createMultipart(key, { ...TEXT, size: 1 })).rejects.toMatchObject(refused);
        const upload = { key, uploadId: 'x', size: 1 };
        await expect(storage.presignMultipart(upload, { from: 1, count: 1, expiresInS: 1 })).rejects.toMatchObject(refused);
        await expect(storage.putPart(upload, 1, Readable.from([]))).rejects.toMatchObject(refused);
        await expect(storage.completeMultipart(upload)).rejects.toMatchObject(refused);
        await expect(storage.abortMultipart(upload)).rejects.toMatchObject(refused);
        expect(() => storage.playbackUrl(key, { public: true })).toThrow(expect.objectContaining(refused));
      },
    );

    it('refuses types and cache controls that could not be headers', async () => {
      for (const headers of [{ contentType: 'text/plain\r\nset-cookie: a=b' }, { contentType: '' }, { ...TEXT, cacheControl: 'a\nb' }]) {
        await expect(storage.put('a/b', Buffer.from('x'), headers)).rejects.toMatchObject({ code: 'invalid_payload' });
      }
    });

    it('lists what lies below a folder, sorted, and nothing beside it', async () => {
      for (const key of ['m/1/b', 'm/1/a/z', 'm/1/a/b', 'm/10/x', 'm/1.x']) await storage.put(key, Buffer.from('x'), TEXT);
      expect(await storage.list('m/1')).toEqual(['m/1/a/b', 'm/1/a/z', 'm/1/b']);
      expect(await storage.list('m')).toEqual(['m/1.x', 'm/1/a/b', 'm/1/a/z', 'm/1/b', 'm/10/x']);
      expect(await storage.list('m/10/x')).toEqual([]);
    });

    it('deletes an object, or all below a folder, and nothing beside it', async () => {
      for (const key of ['m/1/b', 'm/1/a/z', 'm/10/x', 'm/1.x']) await storage.put(key, Buffer.from('x'), TEXT);
      await storage.delete('m/1/b');
      expect(await storage.list('m/1')).toEqual(['m/1/a/z']);
      await storage.delete('m/1');
      expect(await storage.list('m')).toEqual(['m/1.x', 'm/10/x']);
      await storage.delete('m/1');
      await storage.delete('nothing/here');
      await storage.put('m/1/b', Buffer.from('again'), TEXT);
      expect(await read('m/1/b')).toBe('again');
    });

    it('downloads to a new file, and never over one that exists', async () => {
      await storage.put('a/b', Buffer.from('bytes'), TEXT);
      await storage.download('a/b', join(scratch, 'copy'));
      await storage.delete('a/b');
      expect(await readFile(join(scratch, 'copy'), 'utf8')).toBe('bytes');
      await storage.put('a/b', Buffer.from('other'), TEXT);
      await writeFile(join(scratch, 'mine'), 'mine');
      await expect(storage.download('a/b', join(scratch, 'mine'))).rejects.toThrow();
      expect(await readFile(join(scratch, 'mine'), 'utf8')).toBe('mine');
      await expect(storage.download('a/b', join(scratch, 'late'), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    });

    it('makes an object of a local file, which is gone then', async () => {
      await writeFile(join(scratch, 'made'), 'made here');
      expect(await storage.putFile('a/b', join(scratch, 'made'), { ...TEXT, cacheControl: 'private' })).toEqual({ size: 9 });
      expect(await storage.stat('a/b')).toMatchObject({ size: 9, contentType: 'text/plain', cacheControl: 'private' });
      expect(await read('a/b')).toBe('made here');
      await expect(readFile(join(scratch, 'made'))).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(storage.putFile('a/c', join(scratch, 'made'), TEXT)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await storage.stat('a/c')).toBeNull();
    });

    it('presigns an upload', async () => {
      const request = await storage.presignPut('media/1/source', { maxBytes: 5, contentType: 'video/mp4', expiresInS: 60 });
      expect(request.method).toBe('PUT');
      expect(new URL(request.url).pathname).toMatch(/media\/1\/source$/);
      expect(request.headers).toMatchObject({ 'content-type': 'video/mp4' });
      const left = Date.parse(request.expires_at) - Date.now();
      expect(left).toBeGreaterThan(55_000);
      expect(left).toBeLessThanOrEqual(60_000);
    });

    multipartConformance(() => storage);
    if (atomic) atomicityConformance(() => storage);

    it('makes playback URLs that keep relative references below the same grant', () => {
      for (const visibility of [{ public: true }, { public: false }]) {
        const master = storage.playbackUrl('media/1/hls/master.m3u8', visibility);
        expect(new URL(master).pathname).toMatch(/media\/1\/hls\/master\.m3u8$/);
        expect(new URL('720p/0.m4s', master).pathname).toMatch(/media\/1\/hls\/720p\/0\.m4s$/);
      }
      expect(storage.playbackUrl('media/1/a', { public: true })).toBe(storage.playbackUrl('media/1/a', { public: true }));
    });
  });
}
