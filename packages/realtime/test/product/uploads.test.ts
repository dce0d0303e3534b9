import { openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../../test/support/services/process.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { bucketEnvironment, startS3 } from '../support/s3.ts';
import { hereOf, upload } from '../support/uploads.ts';

const PART = 16 * 1024 ** 2;
const LARGE = 100_000_001;

describe.each(['the embedded storage', 'S3'])('uploads to %s', (where) => {
  let s3: Service | undefined;
  let realtime: RealtimeUnderTest;
  let database: DatabaseHandle;
  let ben: string;
  /** The client's way to the storage. */
  const at = (url: string): string => (where === 'S3' ? url : hereOf(realtime, url));

  beforeAll(async () => {
    s3 = where === 'S3' ? await startS3() : undefined;
    realtime = await startRealtime({ MEDIA_QUOTA_BYTES: '1000000000', MEDIA_UPLOADS_PER_USER: '4', ...(s3 === undefined ? {} : await bucketEnvironment(s3)) });
    database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
    ben = await realtime.token('ben');
  });
  afterAll(async () => {
    await database.stop();
    await realtime.stop();
    await s3?.stop();
  });

  const create = (token: string, size_bytes: number) =>
    realtime.call('POST', '/api/v1/media/uploads', { token, body: { filename: 'clip.mp4', size_bytes, content_type: 'video/mp4' } });
  const call = (method: string, path: string, token: string, body?: unknown) => realtime.call(method, `/api/v1/media/${path}`, { token, body });
  const put = async (part: { url: string; method: string; headers: Record<string, string> }, bytes: Buffer): Promise<void> => {
    const { url, method, headers } = part;
    const response = await fetch(at(url), { method, headers, body: new Uint8Array(bytes) });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  };
  const remove = async (id: string, token: string): Promise<number> =>
    (await fetch(`${realtime.url}/api/v1/media/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })).status;
  /** Ids of the events that a media was published with. */
  const uploadedEvents = async (id: string): Promise<string[]> => {
    const { rows } = await database.db.execute<{ id: string }>(sql`
      SELECT event_id AS id FROM events WHERE event->'payload'->>'media_id' = ${id} AND event_type = 'media.uploaded'`);
    return rows.map((row) => row.id);
  };

  it('go with one request when they are small', async () => {
    const token = await realtime.token('small');
    const { body } = await create(token, 5);
    await put(body.upload, Buffer.from('bytes'));
    expect(await call('POST', `${body.media_id}/complete`, token)).toMatchObject({ status: 202, body: { media: { state: 'processing' } } });
  });

  it('go in parts when they are large, whose URLs come in pages', async () => {
    const token = await realtime.token('large');
    const { status, body } = await create(token, LARGE);
    expect([status, body.upload.url]).toEqual([201, undefined]);
    const { part_size, part_count, parts } = body.upload.multipart;
    expect([part_size, part_count, parts.length]).toEqual([PART, 6, 6]);

    const last = await call('POST', `${body.media_id}/parts`, token, { from: 6, count: 50 });
    expect(last.body.parts.map(({ number, size_bytes }: { number: number; size_bytes: number }) => [number, size_bytes])).toEqual([[6, LARGE - 5 * PART]]);
    await put(last.body.parts[0], Buffer.alloc(LARGE - 5 * PART, 6));
    expect(await call('POST', `${body.media_id}/complete`, token)).toMatchObject({ status: 400, body: { reason: 'upload_incomplete', missing: [1, 2, 3, 4, 5] } });
    await Promise.all(parts.slice(0, 5).map((part: never, index: number) => put(part, Buffer.alloc(PART, index + 1))));

    const complete = () => call('POST', `${body.media_id}/complete`, token);
    for (const answer of await Promise.all([complete(), complete()])) expect(answer).toMatchObject({ status: 202, body: { media: { state: 'processing' } } });
    expect(await uploadedEvents(body.media_id)).toHaveLength(1);
    expect(await call('POST', `${body.media_id}/parts`, token, { from: 1 })).toMatchObject({ status: 409, body: { reason: 'upload_closed' } });
  });

  it('give part URLs to their owner alone, for parts that there are', async () => {
    const token = await realtime.token('owner');
    const large = (await create(token, LARGE)).body.media_id;
    expect(await call('POST', `${large}/parts`, ben, { from: 1 })).toMatchObject({ status: 404 });
    expect(await call('POST', `${large}/parts`, token, { from: 7 })).toMatchObject({ status: 404 });
    expect(await call('POST', `${large}/parts`, token, { from: 0 })).toMatchObject({ status: 422 });
    expect(await call('POST', `${large}/parts`, token, { from: 1, count: 101 })).toMatchObject({ status: 422 });
    const small = (await create(token, 5)).body.media_id;
    expect(await call('POST', `${small}/parts`, token, { from: 1 })).toMatchObject({ status: 404 });
  });

  it('stay within the quota of their user, however many are asked for at once', async () => {
    const token = await realtime.token('greedy');
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(token, 400_000_000)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    const [refused] = answers.filter(({ status }) => status === 413);
    expect(refused!.body).toMatchObject({ reason: 'quota_exceeded', used_bytes: 800_000_000, size_bytes: 400_000_000, quota_bytes: 1_000_000_000 });
    expect(await create(ben, 1)).toMatchObject({ status: 201 });
    const kept = answers.find(({ status }) => status === 201)!.body.media_id;
    expect(await remove(kept, token)).toBe(204);
    expect(await create(token, 400_000_000)).toMatchObject({ status: 201 });
  });

  it('are only so many at once for one user', async () => {
    const token = await realtime.token('busy');
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(token, 5)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.find(({ status }) => status !== 201)).toMatchObject({ status: 429, body: { reason: 'too_many_uploads', under_way: 4, allowed: 4 } });
    const open = answers.find(({ status }) => status === 201)!.body;
    await put(open.upload, Buffer.from('bytes'));
    await call('POST', `${open.media_id}/complete`, token);
    expect(await create(token, 5)).toMatchObject({ status: 201 });
  });

  it('are deleted with all that belongs to them, by their owner or an admin', async () => {
    const token = await realtime.token('deleter');
    const id = await upload(realtime, token, Buffer.from('bytes of a clip'), {}, at);
    await call('POST', `${id}/complete`, token);
    expect(await remove(id, ben)).toBe(404);
    expect(await remove(id, token)).toBe(204);
    for (const answer of [await call('GET', id, token), await call('POST', `${id}/complete`, token)]) expect(answer.status).toBe(404);
    expect((await realtime.call('GET', '/api/v1/media', { token })).body.media).toEqual([]);
    expect(await remove(id, token)).toBe(404);
    const [jobId] = await uploadedEvents(id);
    const { rows } = await database.db.execute(sql`SELECT FROM job_cancellations WHERE job_id = ${jobId}`);
    expect(rows).toHaveLength(1);

    const other = (await create(token, LARGE)).body;
    const admin = await realtime.token('root', { roles: ['admin'] });
    expect(await remove(other.media_id, admin)).toBe(204);
    await expect(put(other.upload.multipart.parts[0], Buffer.alloc(PART))).rejects.toThrow();
    const { rows: acts } = await database.db.execute(sql`SELECT * FROM audit_log WHERE action = 'media.delete'`);
    expect(acts).toMatchObject([{ actor: 'root', subject: `media:${other.media_id}` }]);
  });
});
