import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '@armoricore/shared/kernel';
import { openQueues, type QueuedJob, type QueueStore } from '@armoricore/shared/queues';
import { waitFor } from '../../../test/support/wait.ts';
import { H264, makeClip, packetsOf, pictures } from './support/clips.ts';
import { startFixture } from './support/fixture-process.ts';
import { startJobsLab, type JobsLab } from './support/jobs-lab.ts';

const SECONDS = 16;
const PARTS = 4;

let lab: JobsLab;
let queues: QueueStore;
let child: ChildProcess | undefined;
beforeAll(async () => {
  lab = await startJobsLab({ QUEUE_MEDIA_CONCURRENCY: '1', MEDIA_PART_S: '4', MEDIA_PRESET: 'medium' });
  queues = await openQueues({ databaseUrl: lab.environment['DATABASE_URL']!, log: silentLog });
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await queues.close();
  await lab.close();
});

test('a worker that is killed midway costs one part at most', async () => {
  const file = join(lab.workDir, 'clip.mp4');
  await makeClip([...pictures('320x180', SECONDS, '25'), ...H264], file);
  // Two workers: this process, and one that holds a part when it is killed.
  const other = startFixture('media-worker', lab.environment);
  child = other.child;
  await other.message; // Sooner, this process would do all parts alone.
  const parts = async (): Promise<QueuedJob[]> => (await queues.queue('media').getJobs()).filter(({ name }) => name === 'media.part');
  const underWay = async (): Promise<number> => (await queues.queue('media').getJobs(['active'])).filter(({ name }) => name === 'media.part').length;
  const id = await lab.upload(await readFile(file));
  await waitFor(async () => (await underWay()) === 2, { what: 'each worker to hold a part', timeoutMs: 30_000, intervalMs: 5 });
  child.kill('SIGKILL');

  const [end, ...more] = await lab.ended(id, 60_000);
  expect(end!.event_type).toBe('media.ready');
  expect(more).toEqual([]);
  const runs = (await parts()).map(({ attemptsStarted }) => attemptsStarted);
  expect(runs).toHaveLength(PARTS);
  expect(runs.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(PARTS + 1);
  expect(await packetsOf(lab.pathOf(`media/${id}/hls/144p/index.m3u8`))).toHaveLength(SECONDS * 25);
}, 120_000);
