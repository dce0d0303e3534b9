import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { deadLetters, jobCheckpoints } from '@armoricore/shared/db';
import { requestCancel } from '@armoricore/shared/jobs/cancel';
import { silentLog } from '@armoricore/shared/kernel';
import { openQueues, type QueuedJob } from '@armoricore/shared/queues';
import { freshRedis } from '../../../test/support/services/fresh.ts';
import { waitFor } from '../../../test/support/wait.ts';
import { AAC, H264, makeClip, packetsOf, pictures, sound } from './support/clips.ts';
import { onEachBackend } from './support/farm.ts';
import { startJobsLab, type JobsLab } from './support/jobs-lab.ts';

const PATIENCE_MS = 50_000;
const SECONDS = 13;
const PARTS = 4; // 4 s, 4 s, 5 s and the sound.

onEachBackend((backend) => {
  /** A jobs process that does one thing at a time. */
  async function lone(work: (lab: JobsLab & { parts: () => Promise<QueuedJob[]>; clip: Buffer }) => Promise<void>, settings: Record<string, string> = {}): Promise<void> {
    const redis = backend === 'redis' ? { REDIS_URL: await freshRedis() } : {};
    const lab = await startJobsLab({ QUEUE_MEDIA_CONCURRENCY: '1', MEDIA_PART_S: '4', ...redis, ...settings });
    const queues = await openQueues({ databaseUrl: lab.environment['DATABASE_URL']!, redisUrl: redis.REDIS_URL, log: silentLog });
    try {
      const file = join(lab.workDir, 'clip.mp4');
      await makeClip([...pictures('320x180', SECONDS, '25'), ...sound(SECONDS), ...H264, ...AAC], file);
      const parts = async () => (await queues.queue('media').getJobs(['completed', 'failed', 'waiting', 'active', 'delayed'])).filter(({ name }) => name === 'media.part');
      await work({ ...lab, parts, clip: await readFile(file) });
    } finally {
      await queues.close();
      await lab.close();
    }
  }

  describe('a long video', () => {
    test('is encoded in parts and joined, by one worker that does one thing at a time', () =>
      lone(async (lab) => {
        const id = await lab.upload(lab.clip);
        const [end, ...more] = await lab.ended(id, PATIENCE_MS);
        expect(more).toEqual([]);
        expect(end).toMatchObject({ event_type: 'media.ready', payload: { duration_ms: SECONDS * 1000, renditions: [{ name: '144p', frame_rate: 25 }] } });

        const jobs = await lab.parts();
        expect(jobs).toHaveLength(PARTS);
        expect(jobs.map(({ attemptsStarted }) => attemptsStarted)).toEqual(jobs.map(() => 1));

        const packets = await packetsOf(lab.pathOf(`media/${id}/hls/144p/index.m3u8`));
        expect(packets).toHaveLength(SECONDS * 25);
        packets.forEach(({ time, key }, index) => {
          expect(time).toBeCloseTo(index / 25, 5);
          expect(key).toBe(index % 50 === 0);
        });
        const sounds = await packetsOf(lab.pathOf(`media/${id}/hls/audio/index.m3u8`));
        expect(sounds[0]!.time).toBe(0);
        expect(sounds.at(-1)!.time).toBeGreaterThan(SECONDS - 0.1);

        const percents = (await lab.eventsOf(id, 'media.progress')).map(({ payload }) => payload.percent);
        expect(percents).toEqual(percents.toSorted((a, b) => a - b));
        await waitFor(async () => (await lab.storage.list(`work/${id}`)).length === 0, { what: 'the working files to go' });
        await waitFor(async () => (await lab.scratchEntries()).length === 0, { what: 'the scratch folders to go' });
        expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
      }), 60_000);

    test('that cannot go on fails once, with the reason of its part, and leaves nothing', () =>
      lone(async (lab) => {
        const id = await lab.upload(lab.clip);
        await waitFor(async () => (await lab.storage.list(`work/${id}`)).length > 0, { what: 'the first part', timeoutMs: 20_000, intervalMs: 5 });
        await lab.storage.delete(`uploads/${id}`);
        expect(await lab.ended(id, PATIENCE_MS)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'source_not_found' } }]);
        expect(await lab.database.db.select().from(deadLetters)).toMatchObject([{ name: 'media.transcode', reason: 'source_not_found' }]);
        await waitFor(async () => (await lab.storage.list(`media/${id}`)).length === 0, { what: 'all files to go' });
      }), 60_000);

    test('that is cancelled while its parts are encoded ends at once, and leaves nothing', () =>
      lone(
        async (lab) => {
          const id = await lab.upload(lab.clip);
          await waitFor(async () => (await lab.parts()).length === PARTS && (await lab.scratchEntries()).length > 0, { what: 'a part to run', timeoutMs: 20_000, intervalMs: 5 });
          const [asked] = await lab.eventsOf(id, 'media.uploaded');
          await requestCancel(lab.database.db, asked!.event_id);
          expect(await lab.ended(id, PATIENCE_MS)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'job_cancelled' } }]);
          await waitFor(async () => (await lab.scratchEntries()).length === 0, { what: 'the scratch folders to go' });
          await waitFor(async () => (await lab.storage.list(`media/${id}`)).length === 0, { what: 'all files to go' });
          expect(await lab.database.db.select().from(deadLetters).where(eq(deadLetters.reason, 'job_cancelled'))).toHaveLength(1);
        },
        { MEDIA_PRESET: 'medium' },
      ), 60_000);
  });
});
