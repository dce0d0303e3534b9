import { media, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { openStorage, type Storage } from '@armoricore/shared/storage';
import { eq } from 'drizzle-orm';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../../test/support/services/process.ts';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { bucketEnvironment, startS3 } from '../support/s3.ts';

const SECRET = 'another-secret-of-the-tests-with-32-characters';
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each(['the embedded storage', 'S3'])('tus uploads to %s', (where) => {
  let s3: Service | undefined;
  let realtime: RealtimeUnderTest;
  let storage: Storage;
  let database: DatabaseHandle;
  let anna: string;

  beforeAll(async () => {
    s3 = where === 'S3' ? await startS3() : undefined;
    const bucket = s3 === undefined ? {} : await bucketEnvironment(s3);
    realtime = await startRealtime({ MEDIA_MAX_UPLOAD_BYTES: '50000000', MEDIA_UPLOADS_PER_USER: '3', ...bucket });
    const { S3_BUCKET, ...rest } = { S3_REGION: 'us-east-1', ...bucket } as Record<string, string>;
    const common = { STORAGE_DIR: join(realtime.dataDir, 'objects'), SECRET_KEY_BASE: SECRET, PUBLIC_URL: realtime.url, CDN_BASE_URL: undefined, PLAYBACK_URL_TTL_S: 60 };
    storage = await openStorage((S3_BUCKET === undefined ? common : { ...common, ...rest, S3_BUCKET }) as Parameters<typeof openStorage>[0]);
    database = openDatabase(realtime.databaseUrl, { max: 1, log: silentLog });
    anna = await realtime.token('anna');
  });
  afterAll(async () => {
    await database.stop();
    await realtime.stop();
    await s3?.stop();
  });

  /** A real client; resolves with the id of the media when all bytes are sent. */
  function send(bytes: Buffer, options: Partial<UploadOptions> & { token: string }): Promise<string> {
    const { token, ...rest } = options;
    return new Promise((resolve, reject) => {
      const upload: Upload = new Upload(bytes, {
        endpoint: `${realtime.url}/uploads/tus`,
        headers: { authorization: `Bearer ${token}` },
        metadata: { filename: 'clip.mp4', filetype: 'video/mp4' },
        retryDelays: [50, 100, 200, 400, 800],
        onSuccess: () => resolve(upload.url!.split('/').at(-1)!),
        onError: reject,
        ...rest,
      });
      upload.start();
    });
  }
  const tus = (method: string, path: string, token: string | undefined, headers: Record<string, string> = {}, body?: Buffer) =>
    fetch(`${realtime.url}/uploads/tus${path}`, {
      method,
      headers: { 'tus-resumable': '1.0.0', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
  const metadata = (fields: Record<string, string>): string => Object.entries(fields).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`).join(',');
  const CLIP = { 'upload-metadata': metadata({ filename: 'clip.mp4', filetype: 'video/mp4' }) };
  const PATCH = { 'content-type': 'application/offset+octet-stream' };
  const create = async (token: string, length: number): Promise<string> => {
    const response = await tus('POST', '', token, { ...CLIP, 'upload-length': String(length) });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    return response.headers.get('location')!.split('/').at(-1)!;
  };
  const stored = async (id: string) => {
    const { body, ...object } = await storage.get(`uploads/${id}/source`);
    return { ...object, bytes: await buffer(body) };
  };

  it('make a media that is worked on when the last byte came', async () => {
    const bytes = randomBytes(1_000_000);
    const id = await send(bytes, { token: anna, chunkSize: 300_000 });
    expect((await realtime.call('GET', `/api/v1/media/${id}`, { token: anna })).body.media).toMatchObject({ state: 'processing', filename: 'clip.mp4' });
    const object = await stored(id);
    expect([digest(object.bytes), object.contentType]).toEqual([digest(bytes), 'video/mp4']);
    expect(await storage.list(`uploads/${id}`)).toContain(`uploads/${id}/source`);
    if (where !== 'S3') expect(existsSync(join(realtime.dataDir, 'objects/.tus/uploads', id))).toBe(false);
  });

  it('go on where they were when the connection is cut', async () => {
    const bytes = randomBytes(20_000_000);
    const proxy = await startTcpProxy(realtime.url);
    try {
      let cuts = 0;
      const asked: string[] = [];
      const id = await send(bytes, {
        token: anna,
        endpoint: proxy.through(`${realtime.url}/uploads/tus`),
        chunkSize: 7_000_000,
        onProgress(sent) {
          if (cuts >= 2 || sent < (cuts + 1) * 6_500_000) return;
          cuts += 1;
          proxy.cut();
          proxy.mend();
        },
        onBeforeRequest: (request) => void asked.push(request.getMethod()),
      });
      expect(cuts).toBe(2);
      expect(asked.filter((method) => method === 'POST')).toHaveLength(1);
      expect(asked.filter((method) => method === 'HEAD').length).toBeGreaterThanOrEqual(2);
      expect(digest((await stored(id)).bytes)).toBe(digest(bytes));
    } finally {
      await proxy.close();
    }
  });

  it('need a token, on every request, of their owner', async () => {
    const ben = await realtime.token('ben');
    const id = await create(anna, 10);
    expect((await tus('POST', '', undefined, { ...CLIP, 'upload-length': '5' })).status).toBe(401);
    for (const [method, headers] of [['HEAD', {}], ['PATCH', { ...PATCH, 'upload-offset': '0' }], ['DELETE', {}]] as const) {
      const body = method === 'PATCH' ? Buffer.from('abc') : undefined;
      expect((await tus(method, `/${id}`, undefined, headers, body)).status).toBe(401);
      expect((await tus(method, `/${id}`, ben, headers, body)).status).toBe(404);
      expect((await tus(method, `/${newId()}`, anna, headers, body)).status).toBe(404);
      expect((await tus(method, '/..%2f..%2fsecret', anna, headers, body)).status).toBe(422);
    }
    expect((await tus('HEAD', `/${id}`, anna)).headers.get('upload-offset')).toBe('0');
    expect((await tus('DELETE', `/${id}`, anna)).status).toBe(204);
    expect((await tus('HEAD', `/${id}`, anna)).status).toBe(404);
  });

  it('are refused when they are too large, too many, without a length or with metadata that is none', async () => {
    const carl = await realtime.token('carl');
    const reason = async (headers: Record<string, string>) => {
      const response = await tus('POST', '', carl, headers);
      return [response.status, ((await response.json()) as { reason: string }).reason, response.headers.get('access-control-allow-origin')];
    };
    expect(await reason({ ...CLIP, 'upload-length': '50000001' })).toEqual([413, 'upload_too_large', '*']);
    expect(await reason(CLIP)).toEqual([422, 'invalid_payload', '*']);
    expect(await reason({ ...CLIP, 'upload-length': '0' })).toEqual([422, 'invalid_payload', '*']);
    expect(await reason({ ...CLIP, 'upload-defer-length': '1' })).toEqual([422, 'invalid_payload', '*']);
    expect(await reason({ 'upload-length': '5' })).toEqual([422, 'invalid_payload', '*']);
    expect(await reason({ 'upload-length': '5', 'upload-metadata': 'filename !!!' })).toEqual([422, 'invalid_payload', '*']);
    expect(await reason({ 'upload-length': '5', 'upload-metadata': metadata({ filename: 'a', filetype: 'text/html\r\nx: y' }) })).toEqual([422, 'invalid_payload', '*']);
    for (let i = 0; i < 3; i++) await create(carl, 5);
    expect(await reason({ ...CLIP, 'upload-length': '5' })).toEqual([429, 'too_many_uploads', '*']);
  });

  it('take no byte beyond their length, at no other place, and none when they are complete', async () => {
    const dora = await realtime.token('dora');
    const id = await create(dora, 5);
    const patch = (offset: number, body: string) => tus('PATCH', `/${id}`, dora, { ...PATCH, 'upload-offset': String(offset) }, Buffer.from(body));
    expect((await patch(0, '123456')).status).toBe(413);
    expect((await patch(3, 'ab')).status).toBe(409);
    expect((await patch(0, 'abc')).headers.get('upload-offset')).toBe('3');
    expect((await patch(3, 'de')).status).toBe(204);
    expect((await stored(id)).bytes.toString()).toBe('abcde');
    expect((await patch(5, 'f')).status).toBe(409);
    const head = await tus('HEAD', `/${id}`, dora);
    expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([200, '5', '5']);
    expect((await tus('DELETE', `/${id}`, dora)).status).toBe(409);
  });

  it('come to their end when the server died between the last byte and the job', async () => {
    const emma = await realtime.token('emma');
    const id = await create(emma, 5);
    // As a process does that is killed before it says so: the bytes are whole, the media waits.
    expect((await tus('PATCH', `/${id}`, emma, { ...PATCH, 'upload-offset': '0' }, Buffer.from('abc'))).status).toBe(204);
    expect(await realtime.call('POST', `/api/v1/media/${id}/complete`, { token: emma })).toMatchObject({ status: 409, body: { reason: 'upload_missing' } });
    await tus('PATCH', `/${id}`, emma, { ...PATCH, 'upload-offset': '3' }, Buffer.from('de'));
    await database.db.update(media).set({ state: 'uploading' }).where(eq(media.id, id));
    expect(await realtime.call('POST', `/api/v1/media/${id}/complete`, { token: emma })).toMatchObject({ status: 202 });
  });

  it('tell browsers of any origin what they may send and read', async () => {
    const response = await tus('OPTIONS', '', undefined, { origin: 'https://app.example', 'access-control-request-method': 'PATCH' });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'tus-version': '1.0.0', 'tus-extension': expect.stringContaining('creation') });
    expect(response.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(response.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});
