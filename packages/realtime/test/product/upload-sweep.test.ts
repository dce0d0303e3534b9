import { openBus, type Bus } from '@armoricore/shared/bus';
import { media, openDatabase, type DatabaseHandle, type MediaRow } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { openResumableUploads, openStorage, type ResumableUploads, type Storage } from '@armoricore/shared/storage';
import { eq, sql } from 'drizzle-orm';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { discardMedia } from '../../src/domain/upload-discard.ts';
import { createUploadSweep } from '../../src/domain/upload-sweep.ts';
import { createExpiryRepository } from '../../src/persistence/uploads.ts';

const HOUR_MS = 3_600_000;

let testDatabase: TestDatabase;
let database: DatabaseHandle;
let bus: Bus;
let root: string;
let storage: Storage;
let resumable: ResumableUploads;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { max: 6, log: silentLog });
  bus = await openBus({ BUS_URL: undefined, BUS_NAMESPACE: 'test' }, { database, bury: async () => undefined, log: silentLog } as never);
  root = await mkdtemp(join(tmpdir(), 'sweep-'));
  const config = { STORAGE_DIR: root, SECRET_KEY_BASE: 'x'.repeat(32), PUBLIC_URL: 'http://host', CDN_BASE_URL: undefined, PLAYBACK_URL_TTL_S: 60 };
  storage = await openStorage(config);
  resumable = await openResumableUploads({ ...config } as never, storage, { ttlS: 60 });
});
afterEach(async () => {
  await bus.close();
  await database.stop();
  await testDatabase.drop();
  await rm(root, { recursive: true, force: true });
});

const sweeper = (discard = (row: MediaRow) => discardMedia(row, { storage, resumable })) =>
  createUploadSweep({ repository: createExpiryRepository(database.db, bus), discard, log: silentLog, intervalMs: 20 });
const find = async (id: string): Promise<MediaRow | undefined> => (await database.db.select().from(media).where(eq(media.id, id)))[0];

async function insert(values: Partial<MediaRow> & { expiresInMs: number | null }): Promise<string> {
  const id = newId();
  const { expiresInMs, ...rest } = values;
  const uploadExpiresAt = expiresInMs === null ? null : new Date(Date.now() + expiresInMs);
  await database.db.insert(media).values({ id, userId: 'anna', state: 'uploading', sourceKey: `uploads/${id}/source`, announcedBytes: 5, uploadExpiresAt, ...rest });
  return id;
}

it('removes what expired, whichever way it came, tells the owner, and leaves the rest', async () => {
  const young = await insert({ expiresInMs: HOUR_MS });
  const ready = await insert({ expiresInMs: null, state: 'ready' });
  const whole = await insert({ expiresInMs: -1 });
  const parts = await insert({ expiresInMs: -HOUR_MS });
  for (const id of [young, ready, whole]) await storage.put(`uploads/${id}/source`, Buffer.from('bytes'), { contentType: 'video/mp4' });
  const multipart = await storage.createMultipart(`uploads/${parts}/source`, { size: 5, contentType: 'video/mp4' });
  await database.db.update(media).set({ multipartId: multipart.uploadId }).where(eq(media.id, parts));

  expect(await sweeper().sweep()).toBe(2);
  for (const id of [whole, parts]) {
    expect(await find(id)).toMatchObject({ state: 'failed', failureReason: 'upload_expired', uploadExpiresAt: null, multipartId: null });
    expect(await storage.list(`uploads/${id}`)).toEqual([]);
  }
  expect(await readdir(join(root, '.uploads'))).toEqual([]);
  for (const id of [young, ready]) expect(await storage.list(`uploads/${id}`)).toHaveLength(1);
  const { rows } = await database.db.execute(sql`SELECT event->'payload' AS payload FROM events WHERE event_type = 'media.failed' ORDER BY seq`);
  expect(rows).toMatchObject([parts, whole].map((id) => ({ payload: { media_id: id, user_id: 'anna', reason: 'upload_expired' } })));
  expect(await sweeper().sweep()).toBe(0);
});

it('looks once more for what a job wrote of a deleted media, and then forgets it', async () => {
  const id = await insert({ expiresInMs: -1, state: 'failed', failureReason: 'media_deleted', userId: '' });
  await storage.put(`media/${id}/hls/late.m4s`, Buffer.from('late'), { contentType: 'video/mp4' });
  expect(await sweeper().sweep()).toBe(1);
  expect([await find(id), await storage.list(`media/${id}`)]).toEqual([undefined, []]);
});

it('goes on with the others when one cannot be removed, which stays for the next time', async () => {
  const [bad, good] = [await insert({ expiresInMs: -HOUR_MS }), await insert({ expiresInMs: -1 })];
  const discard = vi.fn(async (row: MediaRow) => {
    if (row.id === bad) throw new Error('the storage is away');
  });
  expect(await sweeper(discard).sweep()).toBe(1);
  expect([(await find(bad))?.state, (await find(good))?.state]).toEqual(['uploading', 'failed']);
  expect(discard).toHaveBeenCalledTimes(2);
  expect(await sweeper().sweep()).toBe(1);
});

it('settles each once when several processes sweep at the same time', async () => {
  const ids = [];
  for (let i = 0; i < 12; i++) ids.push(await insert({ expiresInMs: -i - 1 }));
  const counts = await Promise.all([sweeper().sweep(), sweeper().sweep(), sweeper().sweep()]);
  await sweeper().sweep();
  expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(12);
  const { rows } = await database.db.execute<{ n: number }>(sql`SELECT count(*)::int AS n FROM events WHERE event_type = 'media.failed'`);
  expect(rows[0]!.n).toBe(12);
});

it('runs by itself from start to stop', async () => {
  const service = sweeper();
  await service.start?.();
  const id = await insert({ expiresInMs: -1 });
  await waitFor(async () => (await find(id))?.state === 'failed', { what: 'the sweep' });
  await service.stop?.();
  const late = await insert({ expiresInMs: -1 });
  expect(await service.sweep()).toBe(0);
  expect((await find(late))?.state).toBe('uploading');
});
