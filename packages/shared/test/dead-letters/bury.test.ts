import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { deadLetters, openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { createBury, type Bury, type DeadLetter } from '../../src/dead-letters/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { openStorage, type Storage } from '../../src/storage/index.ts';

let testDatabase: TestDatabase;
let database: DatabaseHandle;
let dir: string;
let storage: Storage;
let bury: Bury;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { log: silentLog });
  dir = await mkdtemp(path.join(tmpdir(), 'bury-test-'));
  storage = await openStorage({
    STORAGE_DIR: dir,
    SECRET_KEY_BASE: 'x'.repeat(32),
    PUBLIC_URL: 'http://localhost',
    CDN_BASE_URL: undefined,
    PLAYBACK_URL_TTL_S: 60,
  });
  bury = createBury(database.db, storage);
});
afterEach(async () => {
  await database.stop();
  await testDatabase.drop();
  await rm(dir, { recursive: true });
});

const letterOf = (payload: unknown, refId = 'r1'): DeadLetter => {
  return { kind: 'event', origin: 'g', refId, name: 'user.revoked', payload, reason: 'internal', attempts: 5, lastError: 'it broke' };
};
const rows = () => database.db.select().from(deadLetters);

it('keeps a letter once', async () => {
  await bury(letterOf({ a: [1, 'two'] }));
  await bury(letterOf({ a: [1, 'two'] }));
  expect(await rows()).toMatchObject([{ ...letterOf({ a: [1, 'two'] }), payloadKey: null, payloadBytes: 15 }]);
});

it('is part of the transaction of the caller', async () => {
  const undone = database.db.transaction(async (transaction) => {
    await bury(letterOf(1), transaction);
    throw new Error('rolled back');
  });
  await expect(undone).rejects.toThrow('rolled back');
  expect(await rows()).toEqual([]);
});

it('keeps a large payload in the storage, at a key that no reference can lead astray', async () => {
  const payload = { fill: 'ü'.repeat(3_000_000) };
  await bury(letterOf(payload, '../../etc/passwd\n'));
  const [row] = await rows();
  expect(row).toMatchObject({ payload: null, payloadBytes: Buffer.byteLength(JSON.stringify(payload)) });
  expect(row?.payloadKey).toMatch(/^dead-letters\/event\/g\/[0-9a-f]{64}\.json$/);
  expect(JSON.parse(await text((await storage.get(row!.payloadKey!)).body))).toEqual(payload);
});

it.each([
  ['nothing', undefined, null],
  ['a NUL character', { text: 'a\0b', 'c\0': 1 }, { text: 'ab', c: 1 }],
  ['an escaped backslash before u0000', { text: '\\u0000 \\\0' }, { text: '\\u0000 \\' }],
])('keeps %s as far as PostgreSQL can', async (_, payload, kept) => {
  await bury({ ...letterOf(payload), lastError: `x\0${'y'.repeat(10_000)}` });
  const [row] = await rows();
  expect(row?.payload).toEqual(kept);
  expect(row?.lastError).toHaveLength(4_000);
});
