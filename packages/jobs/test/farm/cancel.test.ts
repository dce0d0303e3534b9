import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobCancellations } from '@armoricore/shared/db';
import { requestCancel } from '@armoricore/shared/jobs/cancel';
import { newId } from '@armoricore/shared/kernel';
import { waitFor } from '../../../../test/support/wait.ts';
import { createFarmLab, onEachBackend, type FarmLab } from '../support/farm.ts';
import { noting, untilAborted } from '../support/runs.ts';
import { workContract, workJob } from '../support/work-job.ts';

/** A second is the aim; the test machine may have other things to do. */
const PATIENCE_MS = 5_000;

onEachBackend((backend) => {
  let lab: FarmLab;
  const requests = () => lab.database.db.select().from(jobCancellations);
  const cancelled = [{ event_type: 'media.failed', payload: { reason: 'job_cancelled' } }];
  beforeEach(async () => {
    lab = await createFarmLab(backend);
  });
  afterEach(() => lab.close());

  describe('cancel', () => {
    test('an encoder of another process is stopped at once; nothing of it is left', async () => {
      const { message } = lab.startProcess<{ pid: number; scratchDir: string }>('encoding-worker');
      const id = await lab.enqueue(await lab.start([]));
      const { pid } = await message;
      const asked = performance.now();
      await requestCancel(lab.database.db, id);
      await waitFor(() => !isAlive(pid), { what: 'the end of ffmpeg', timeoutMs: PATIENCE_MS });
      const took = Math.round(performance.now() - asked);
      expect(await lab.outcomes(id)).toMatchObject(cancelled);
      process.stdout.write(`cancel → end of ffmpeg in another process, ${backend}: ${took} ms\n`);
      await waitFor(async () => (await lab.scratchEntries()).length === 0, { what: 'the scratch folder to go' });
      expect(await requests()).toEqual([]);
    });

    test('a running job is aborted and ends as cancelled, without another try', async () => {
      const { run, contexts, started } = untilAborted();
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      await started();
      await requestCancel(lab.database.db, id);
      expect(await lab.outcomes(id, PATIENCE_MS)).toMatchObject(cancelled);
      expect(contexts).toHaveLength(1);
      expect(await lab.deadLettersOf(id)).toMatchObject([{ reason: 'job_cancelled' }]);
      expect(lab.tries).toMatchObject([{ outcome: 'cancelled' }]);
    });

    test('a job that waits behind another has its outcome at once, and is never run', async () => {
      const { run, contexts, started } = untilAborted();
      const farm = await lab.start([workJob({ run })], { concurrency: 1 });
      await lab.enqueue(farm);
      await started();
      const id = await lab.enqueue(farm);
      await requestCancel(lab.database.db, id);
      expect(await lab.outcomes(id, PATIENCE_MS)).toMatchObject(cancelled);
      expect(await requests()).toEqual([]);

      await requestCancel(lab.database.db, contexts[0]!.jobId);
      await waitFor(async () => (await lab.queues.counts('media')).failed === 2, { what: 'both jobs to leave the queue' });
      expect(contexts).toHaveLength(1);
      expect(await lab.outcomes(id)).toHaveLength(1);
    });

    test('a job that waits for its next try has its outcome at once', async () => {
      const slow = { ...workContract, name: 'test.slow', backoff: { baseMs: 3_600_000, maxMs: 3_600_000 } };
      const { run, attempts } = noting([new Error('later')]);
      const farm = await lab.start([{ ...workJob({ run }), contract: slow }]);
      const id = newId();
      await farm.enqueue(slow, { media_id: id, user_id: 'u1', file_path: 'file:///x', metadata: {} }, id);
      await waitFor(async () => (await lab.queues.counts('media')).delayed === 1, { what: 'the wait' });
      await requestCancel(lab.database.db, id);
      expect(await lab.outcomes(id, PATIENCE_MS)).toMatchObject(cancelled);
      await waitFor(async () => (await lab.queues.counts('media')).failed === 1, { what: 'the job to leave the queue' });
      expect(attempts).toEqual([1]);
    });

    test('a request that comes before its job, or while no worker runs, is kept for it', async () => {
      const id = newId();
      await requestCancel(lab.database.db, id);
      const { run, attempts } = noting();
      const farm = await lab.start([workJob({ run })]);
      await lab.enqueue(farm, id);
      expect(await lab.outcomes(id)).toMatchObject(cancelled);
      expect(attempts).toEqual([]);
    });

    test('a request in a transaction that is rolled back cancels nothing', async () => {
      const { run, started, contexts } = untilAborted();
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      await started();
      await expect(
        lab.database.db.transaction(async (tx) => {
          await requestCancel(tx, id);
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
      const marker = await lab.enqueue(farm);
      await waitFor(() => contexts.length === 2, { what: 'the run of the marker' });
      await requestCancel(lab.database.db, marker);
      await lab.outcomes(marker);
      expect(contexts[0]!.signal.aborted).toBe(false);
    });

    test('a job that has its outcome keeps it', async () => {
      const { run } = noting();
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      await lab.outcomes(id);
      await waitFor(async () => (await lab.queues.counts('media')).completed === 1);
      await requestCancel(lab.database.db, id);
      await waitFor(async () => (await requests()).length === 0, { what: 'the request to go' });
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
