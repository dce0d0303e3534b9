import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jobCheckpoints } from '@armoricore/shared/db';
import type { PartContract } from '@armoricore/shared/jobs';
import { requestCancel } from '@armoricore/shared/jobs/cancel';
import { AppError } from '@armoricore/shared/kernel';
import { waitFor } from '../../../../test/support/wait.ts';
import type { Part, PartContext } from '../../src/core/index.ts';
import { createFarmLab, onEachBackend, type FarmLab } from '../support/farm.ts';
import { workContract, workJob } from '../support/work-job.ts';

const partContract: PartContract<'test.part', number> = {
  ...{ name: 'test.part', queue: 'media', partOf: workContract.name },
  input: z.number().int(),
  attempts: 3,
  backoff: { baseMs: 5, maxMs: 20 },
};
const partOf = (run: Part<number>['run']): Part<number> => ({ contract: partContract, timeLimitMs: 10_000, run });
const numbers = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `p${index}`, input: index }));

onEachBackend((backend) => {
  let lab: FarmLab;
  beforeEach(async () => {
    lab = await createFarmLab(backend);
  });
  afterEach(() => lab.close());

  /** A job of `count` parts, and what it was told and cleaned. */
  function jobOfParts(count: number) {
    const seen = { runs: 0, went: 0, cleaned: 0 };
    const job = workJob({
      async run(_input, { handOut }) {
        seen.runs += 1;
        await handOut(partContract, numbers(count));
        seen.went += 1;
      },
      async cleanUp() {
        seen.cleaned += 1;
      },
    });
    return { job, seen };
  }

  describe('parts of a job', () => {
    test('are done by one worker that does one thing at a time; then the job goes on, once', async () => {
      const done: number[] = [];
      const sums: number[] = [];
      const part = partOf(async (input, { report }) => {
        sums.push(await report(1));
        done.push(input);
      });
      const { job, seen } = jobOfParts(4);
      const id = await lab.enqueue(await lab.start([job], { parts: [part], concurrency: 1 }));
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
      expect(done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
      expect(sums).toEqual([1, 2, 3, 4]);
      expect(seen).toMatchObject({ runs: 2, went: 1 });
      await waitFor(() => seen.cleaned === 1, { what: 'the cleaning' });
      expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
      expect(lab.tries.filter((one) => one.job === 'test.part').map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
    });

    test('one that fails now and then is tried again', async () => {
      let failures = 2;
      const part = partOf(async (input) => {
        if (input === 1 && failures-- > 0) throw new Error('not now');
      });
      const { job } = jobOfParts(3);
      const id = await lab.enqueue(await lab.start([job], { parts: [part] }));
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
      expect(await lab.deadLettersOf(id)).toEqual([]);
    });

    test('one that always fails fails the job once, with its reason', async () => {
      const begun: number[] = [];
      const part = partOf(async (input) => {
        begun.push(input);
        if (input === 0) throw new AppError('unavailable', {}, { message: 'The storage is gone.' });
      });
      const { job, seen } = jobOfParts(2);
      const id = await lab.enqueue(await lab.start([job], { parts: [part], concurrency: 1 }));
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'unavailable', message: 'The storage is gone.' } }]);
      expect(begun.filter((input) => input === 0)).toHaveLength(3);
      expect(seen.went).toBe(0);
      await waitFor(() => seen.cleaned === 1, { what: 'the cleaning' });
      expect(await lab.deadLettersOf(id)).toMatchObject([{ reason: 'unavailable', name: workContract.name }]);
      expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
    });

    test('one that is refused for good spares the others', async () => {
      const begun: number[] = [];
      const part = partOf(async (input) => {
        begun.push(input);
        throw new AppError('media_corrupt');
      });
      const { job } = jobOfParts(4);
      const id = await lab.enqueue(await lab.start([job], { parts: [part], concurrency: 1 }));
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'media_corrupt' } }]);
      expect(begun).toHaveLength(1);
    });

    test('cancel stops those that run, and spares the others', async () => {
      const contexts: PartContext[] = [];
      const part = partOf(async (_input, context) => {
        contexts.push(context);
        await once(context.signal, 'abort');
        throw new Error('cut short');
      });
      const { job, seen } = jobOfParts(4);
      const farm = await lab.start([job], { parts: [part], concurrency: 2 });
      const id = await lab.enqueue(farm);
      await waitFor(() => contexts.length === 2, { what: 'two parts to run' });
      await requestCancel(lab.database.db, id);
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'job_cancelled' } }]);
      await waitFor(async () => (await lab.queues.counts('media')).failed === 1, { what: 'the job to leave the queue' });
      expect(contexts).toHaveLength(2);
      expect(seen).toMatchObject({ runs: 1, went: 0 });
      expect(seen.cleaned).toBeGreaterThan(0);
      expect(await lab.outcomes(id)).toHaveLength(1);
    });

    test('a process that stops hands its part to the next', async () => {
      const begun: number[] = [];
      const slow = partOf(async (input, { signal }) => {
        begun.push(input);
        if (begun.length === 1) await once(signal, 'abort');
        signal.throwIfAborted();
      });
      const { job } = jobOfParts(2);
      const first = await lab.start([job], { parts: [slow], concurrency: 1, stopWithinMs: 200 });
      const id = await lab.enqueue(first);
      await waitFor(() => begun.length === 1, { what: 'a part to run' });
      await first.stop();
      await lab.start([job], { parts: [slow], concurrency: 1 });
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
      expect(begun).toHaveLength(3);
    });
  });
});
