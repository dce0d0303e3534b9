import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRedis } from '../../../../test/support/services/redis.ts';
import type { Service } from '../../../../test/support/services/process.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { openQueues, type QueueStore } from '../../src/queues/index.ts';
import { runNoopJobs, usedMemory } from './noop-jobs.ts';

const MiB = 1024 ** 2;

let redis: Service;
let queues: QueueStore;
beforeEach(async () => {
  redis = await startRedis({ settings: { appendonly: 'no' } }); // Of its own: the memory of others is not counted.
  queues = await openQueues({ redisUrl: redis.url, databaseUrl: '', log: silentLog });
});
afterEach(async () => {
  await queues.close();
  await redis.stop();
});

test('Redis stays small however many jobs it has seen', { timeout: 120_000 }, async () => {
  const before = await usedMemory(redis.url);
  await runNoopJobs(queues, 20_000);
  const after = await usedMemory(redis.url);
  process.stdout.write(`20,000 jobs: Redis grew by ${((after - before) / MiB).toFixed(1)} MiB\n`);
  expect(after - before).toBeLessThan(10 * MiB);
  expect(await queues.counts('notification')).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 });
});
