import { converse } from '../../../../test/support/services/tcp.ts';
import { newId } from '../../src/kernel/index.ts';
import type { QueueStore } from '../../src/queues/index.ts';

const BULK = 1_000;
/** Jobs that may wait, so that what is measured is what jobs leave behind. */
const MAX_WAITING = 5_000;

/** Puts `count` jobs that do nothing through the queue `notification`, with the settings that the farm uses. */
export async function runNoopJobs(queues: QueueStore, count: number): Promise<void> {
  const done = Promise.withResolvers<void>();
  let finished = 0;
  let room = Promise.withResolvers<void>();
  const worker = queues.worker('notification', async () => undefined, { concurrency: 100, lockMs: 15_000, backoff: () => 0 });
  worker.on('completed', () => {
    finished += 1;
    room.resolve();
    if (finished === count) done.resolve();
  });
  try {
    for (let added = 0; added < count; added += BULK) {
      const jobs = Array.from({ length: Math.min(BULK, count - added) }, () => ({ name: 'noop', data: { input: { n: 1 } }, opts: { jobId: newId(), attempts: 3 } }));
      await queues.queue('notification').addBulk(jobs);
      while (added + BULK - finished > MAX_WAITING) {
        room = Promise.withResolvers<void>();
        await room.promise;
      }
    }
    await done.promise;
  } finally {
    await worker.close();
  }
}

/** What Redis says of its own memory, in bytes. */
export async function usedMemory(redisUrl: string): Promise<number> {
  const [, bytes] = await converse(Number(new URL(redisUrl).port), 'INFO memory\r\n', /used_memory:(\d+)\r/, 5_000);
  return Number(bytes);
}
