import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { freshRedis } from '../../../../test/support/services/fresh.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { newId, silentLog } from '../../src/kernel/index.ts';
import { openQueues, UnrecoverableError, type JobProcessor, type QueueStore } from '../../src/queues/index.ts';

const NONE = { waiting: 0, active: 0, delayed: 0, failed: 0, completed: 0 };

describe.each(['postgres', 'redis'] as const)('the queues on %s', (backend) => {
  let database: TestDatabase;
  let store: QueueStore;
  const settings = { concurrency: 4, lockMs: 15_000, backoff: () => 0 };
  const add = (delay = 0) => store.queue('media').add('work', { input: {} }, { jobId: newId(), attempts: 1, delay });
  beforeEach(async () => {
    database = await createTestDatabase();
    const redisUrl = backend === 'redis' ? await freshRedis() : undefined;
    store = await openQueues({ redisUrl, databaseUrl: database.url, workers: 1, log: silentLog });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await store.close();
    await database.drop();
  });

  test('tell which backend they are on, how many jobs they hold, and how long the next one has waited', async () => {
    expect(store.backend).toBe(backend);
    await store.ping();
    expect(await store.counts('media')).toEqual(NONE);
    expect(await store.oldestWaitingMs('media')).toBeNull();
    const first = await add();
    await add();
    await add(3_600_000);
    expect(await store.counts('media')).toEqual({ ...NONE, waiting: 2, delayed: 1 });
    expect(await store.counts('caption')).toEqual(NONE);
    const age = await waitFor(() => store.oldestWaitingMs('media'));
    expect(Math.abs(Date.now() - first.timestamp - age)).toBeLessThan(5_000);
  });

  test('count the jobs of a paused queue as waiting', async () => {
    await add();
    await store.queue('media').pause();
    expect(await store.counts('media')).toEqual({ ...NONE, waiting: 1 });
    expect(await store.oldestWaitingMs('media')).not.toBeNull();
  });

  test('hand jobs to a worker, and count how they ended', async () => {
    const process: JobProcessor = async ({ attemptsStarted, data }) => {
      if ('stored' in data) throw new UnrecoverableError(`start ${attemptsStarted}`);
    };
    const worker = store.worker('media', process, settings);
    await add();
    await store.queue('media').add('work', { stored: true }, { jobId: newId(), attempts: 3 });
    await waitFor(async () => (await store.counts('media')).failed === 1 && (await store.counts('media')).completed === 1);
    await worker.close();
    expect(await store.counts('media')).toEqual({ ...NONE, failed: 1, completed: 1 });
  });

  describe('of what has finished', () => {
    const finish = async (count: number): Promise<string[]> => {
      const ids = Array.from({ length: count }, () => newId());
      const left = new Set(ids);
      const worker = store.worker('media', async () => undefined, { ...settings, concurrency: 32 });
      const done = Promise.withResolvers<void>();
      worker.on('completed', ({ id = '' }) => left.delete(id) && left.size === 0 && done.resolve());
      await store.queue('media').addBulk(ids.map((jobId) => ({ name: 'work', data: { input: {} }, opts: { jobId, attempts: 1 } })));
      await done.promise;
      await worker.close();
      return ids;
    };
    const isKept = async (id: string): Promise<boolean> => (await store.queue('media').getJob(id)) !== undefined;

    test('keep the newest thousand and few more', async () => {
      const ids = await finish(2_000);
      const { completed } = await waitFor(async () => {
        const counts = await store.counts('media');
        return counts.completed <= 1_250 + 32 && counts;
      });
      expect(completed).toBeGreaterThanOrEqual(900);
      expect([await isKept(ids[0]!), await isKept(ids.at(-1)!)]).toEqual([false, true]);
    });

    test('forget what is older than a week', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 8 * 24 * 3600 * 1000 });
      const [old] = await finish(1);
      vi.useRealTimers();
      expect(await isKept(old!)).toBe(true);
      const [young] = await finish(260);
      await waitFor(async () => !(await isKept(old!)));
      expect(await isKept(young!)).toBe(true);
    });
  });
});

test('a Redis that nobody listens at is refused at once', async () => {
  const refused = openQueues({ redisUrl: 'redis://127.0.0.1:1', databaseUrl: '', log: silentLog });
  await expect(refused).rejects.toMatchObject({ code: 'unavailable', details: { service: 'redis' } });
});
