import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryBus } from '@armoricore/shared/bus';
import { jobCheckpoints, jobInputs, media } from '@armoricore/shared/db';
import { AppError, newId, silentLog } from '@armoricore/shared/kernel';
import { testBury } from '../../../../test/support/bus.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createFarm } from '../../src/core/index.ts';
import { createJobRecords } from '../../src/core/records.ts';
import { createSettler, type Settler } from '../../src/core/settle.ts';
import { createFarmLab, onEachBackend, type FarmLab } from '../support/farm.ts';
import { noting } from '../support/runs.ts';
import { inputOf, readyPayload, workContract, workJob } from '../support/work-job.ts';

onEachBackend((backend) => {
  let lab: FarmLab;
  beforeEach(async () => {
    lab = await createFarmLab(backend);
  });
  afterEach(() => lab.close());

  describe('one outcome', () => {
    test('a job that is asked for twice by the same event runs once', async () => {
      const { run, attempts } = noting();
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      await lab.enqueue(farm, id);
      await lab.outcomes(id);
      await lab.enqueue(farm, id);
      const marker = await lab.enqueue(farm);
      await lab.outcomes(marker);
      expect(attempts).toEqual([1, 1]); // One each for id and marker, which came after.
      expect(await lab.outcomes(id)).toHaveLength(1);
    });

    test('a failed job that an operator puts back is not run, and keeps its outcome', async () => {
      const { run, attempts } = noting([new AppError('not_media')]);
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      await lab.outcomes(id);
      const queue = lab.queues.queue('media');
      await waitFor(async () => (await queue.getJobState(id)) === 'failed');
      await (await queue.getJob(id))!.retry();
      await waitFor(async () => (await queue.getJob(id))?.failedReason.includes('replay its dead letter'));
      expect(attempts).toEqual([1]);
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed' }]);
    });

    test('a large input is kept in the database, handed to the run, and gone with the outcome', async () => {
      const inputs: unknown[] = [];
      const farm = await lab.start([]);
      const id = newId();
      const large = { ...inputOf(id), metadata: { text: 'x'.repeat(20_000) } };
      await farm.enqueue(workContract, large, id);
      expect(JSON.stringify((await lab.queues.queue('media').getJob(id))!.data).length).toBeLessThan(100);
      await lab.start([workJob({ run: async (input) => void inputs.push(input) })]);
      await lab.outcomes(id);
      expect(inputs).toEqual([large]);
      expect(await lab.database.db.select().from(jobInputs)).toEqual([]);
    });

    test('a checkpoint outlives a failed try and goes with the outcome; one that is too large is refused', async () => {
      const loaded: unknown[] = [];
      const job = workJob({
        async run(_input, { attempt, checkpoint }) {
          loaded.push(await checkpoint.load('step'));
          await checkpoint.save('step', { attempt });
          if (attempt === 1) throw new Error('after the checkpoint');
          await expect(checkpoint.save('large', 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'payload_too_large' });
        },
      });
      const farm = await lab.start([job]);
      expect(await lab.outcomes(await lab.enqueue(farm))).toMatchObject([{ event_type: 'media.ready' }]);
      expect(loaded).toEqual([undefined, { attempt: 1 }]);
      expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
    });
  });

  test('an input that the contract does not allow is refused and no job is made', async () => {
    const farm = await lab.start([]);
    const wrong = { ...inputOf('m1'), user_id: '' };
    await expect(farm.enqueue(workContract, wrong, newId())).rejects.toMatchObject({ code: 'invalid_payload' });
    expect((await lab.queues.counts('media')).waiting).toBe(0);
  });
});

describe('a settler', () => {
  let lab: FarmLab;
  let settler: Settler;
  /** Writes a row with its outcome. */
  const job = workJob({
    run: async () => {},
    async done(tx, { media_id, user_id }) {
      if (user_id === 'bad') throw new AppError('forbidden');
      await tx.insert(media).values({ id: media_id, userId: user_id, state: 'ready' }).onConflictDoNothing();
      return readyPayload(media_id);
    },
  });
  const settled = (jobId: string) => ({ jobId, input: inputOf(jobId), attempts: 1 });
  beforeEach(async () => {
    lab = await createFarmLab('postgres');
    const { db } = lab.database;
    settler = createSettler({ db, bus: lab.bus, bury: testBury(db), records: createJobRecords(db), concurrency: 100 });
  });
  afterEach(() => lab.close());

  test('of two runs of one job that end differently, the second one writes and tells nothing', async () => {
    const id = newId();
    expect(await settler.failed(job, settled(id), new AppError('encoder_failed'))).toBe(true);
    expect(await settler.done(job, settled(id), undefined)).toBe(false);
    expect(await settler.failed(job, settled(id), new AppError('internal'))).toBe(false);
    expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'encoder_failed' } }]);
    expect(await lab.database.db.select().from(media).where(eq(media.id, id))).toEqual([]);
    expect(await lab.deadLettersOf(id)).toMatchObject([{ reason: 'encoder_failed' }]);
  });

  test('outcomes that share a transaction stand and fall each for itself', async () => {
    const [before, bad, ...good] = [newId(), newId(), newId(), newId(), newId()] as const;
    await settler.done(job, settled(before), undefined);
    const badInput = { ...settled(bad), input: { ...inputOf(bad), user_id: 'bad' } };
    const outcomes = [settled(before), badInput, ...good.map(settled)].map((one) => settler.done(job, one, undefined));
    expect(await Promise.allSettled(outcomes)).toMatchObject([
      { value: false },
      { reason: { code: 'forbidden' } },
      ...good.map(() => ({ value: true })),
    ]);
    for (const id of [before, ...good]) expect(await lab.outcomes(id)).toHaveLength(1);
    expect((await lab.database.db.select({ id: media.id }).from(media)).map(({ id }) => id).toSorted()).toEqual([before, ...good].toSorted());
  });

  test('a bus that takes no transaction is refused with the reason', () => {
    const { place, queues, database } = lab;
    const { databaseUrl, scratchDir } = place;
    const options = { jobs: [], queues, databaseUrl, db: database.db, bury: testBury(database.db), log: silentLog, scratchDir, stopWithinMs: 100 };
    expect(() => createFarm({ ...options, bus: createMemoryBus() })).toThrow(/takes no transaction/);
  });
});
