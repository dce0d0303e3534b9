import { openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { createUploadLocks } from '../../src/adapters/upload-locks.ts';

let testDatabase: TestDatabase;
let processes: DatabaseHandle[];
const never = new AbortController().signal;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  processes = [1, 2].map(() => openDatabase(testDatabase.url, { max: 2, log: silentLog }));
});
afterEach(async () => {
  await Promise.all(processes.map((database) => database.stop()));
  await testDatabase.drop();
});
const locksOf = (index: number, waitMs = 5_000) => createUploadLocks(processes[index]!, { waitMs });

it('lets one request of a process in after the other, which it asks to leave', async () => {
  const locks = locksOf(0);
  const first = locks.newLock('a');
  const askedToLeave = vi.fn(() => void first.unlock());
  await first.lock(never, askedToLeave);
  const second = locks.newLock('a');
  await second.lock(never, () => undefined);
  expect(askedToLeave).toHaveBeenCalledTimes(1);
  const other = locks.newLock('b');
  await other.lock(never, () => undefined);
  await Promise.all([second.unlock(), other.unlock()]);
});

it('keeps processes apart, and lets the next in when the first is done', async () => {
  const [here, there] = [locksOf(0).newLock('a'), locksOf(1).newLock('a')];
  await here.lock(never, () => undefined);
  let inside = false;
  const waiting = there.lock(never, () => undefined).then(() => (inside = true));
  await expect(locksOf(1, 300).newLock('a').lock(never, () => undefined)).rejects.toMatchObject({ status_code: 423 });
  expect(inside).toBe(false);
  await here.unlock();
  await waiting;
  await there.unlock();
});

it('ends with the process that held it', async () => {
  const dead = locksOf(0).newLock('a');
  await dead.lock(never, () => undefined);
  // In this database alone: the locks of other tests are in the same list.
  const here = `database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await processes[1]!.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND ${here}`);
  const next = locksOf(1).newLock('a');
  await next.lock(never, () => undefined);
  await next.unlock();
  await expect(dead.unlock()).rejects.toMatchObject({ code: 'unavailable' });
});

it('takes one connection, however many it holds, and gives it back', async () => {
  const locks = locksOf(0);
  const many = Array.from({ length: 20 }, (_, index) => locks.newLock(`upload ${index}`));
  await Promise.all(many.map((lock) => lock.lock(never, () => undefined)));
  expect([processes[0]!.pool.totalCount, processes[0]!.pool.idleCount]).toEqual([1, 0]);
  await Promise.all(many.map((lock) => lock.unlock()));
  await vi.waitFor(() => expect(processes[0]!.pool.idleCount).toBe(1));
});

it('gives up when nobody leaves, or the client went away', async () => {
  const locks = locksOf(0, 100);
  const holder = locks.newLock('a');
  await holder.lock(never, () => undefined);
  await expect(locks.newLock('a').lock(never, () => undefined)).rejects.toMatchObject({ status_code: 423 });
  await expect(locks.newLock('a').lock(AbortSignal.abort(), () => undefined)).rejects.toMatchObject({ status_code: 423 });
  await holder.unlock();
});
