import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobCheckpoints } from '@armoricore/shared/db';
import { waitFor } from '../../../../test/support/wait.ts';
import { createFarmLab, onEachBackend, type FarmLab } from '../support/farm.ts';
import { noting, untilAborted } from '../support/runs.ts';
import { workJob } from '../support/work-job.ts';

onEachBackend((backend) => {
  let lab: FarmLab;
  beforeEach(async () => {
    lab = await createFarmLab(backend);
  });
  afterEach(() => lab.close());

  describe('workers that go away', () => {
    test('a job whose process is killed goes on from its checkpoint in the next one, and ends once', async () => {
      const { child, message } = lab.startProcess<{ pid: number }>('hanging-worker');
      const id = await lab.enqueue(await lab.start([]));
      const { pid } = await message;
      expect(await lab.scratchEntries()).toHaveLength(1);
      child.kill('SIGKILL');
      await once(child, 'exit');

      const seen: unknown[] = [];
      const job = workJob({ run: async (_input, { attempt, checkpoint }) => void seen.push(attempt, await checkpoint.load('half')) });
      await lab.start([job], { lockMs: 1_500 });
      expect(await lab.outcomes(id, 20_000)).toMatchObject([{ event_type: 'media.ready' }]);
      expect(seen).toEqual([1, { by: pid }]);
      expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
      expect(await lab.scratchEntries()).toEqual([]);
    });

    test('a process that gets SIGTERM gives its job back at once, to be begun anew without counting a try', async () => {
      const { child, message } = lab.startProcess('hanging-worker');
      const id = await lab.enqueue(await lab.start([]));
      await message;
      child.kill('SIGTERM');
      const { run, attempts } = noting();
      await lab.start([workJob({ run })]);
      expect(await lab.outcomes(id, 20_000)).toMatchObject([{ event_type: 'media.ready' }]);
      expect(attempts).toEqual([1]);
    });

    test('a stop hands the running job over without counting a try', async () => {
      const { run, contexts, started } = untilAborted();
      const first = await lab.start([workJob({ run })], { stopWithinMs: 400 });
      const id = await lab.enqueue(first);
      const { scratchDir } = await started();
      await first.stop();
      expect(contexts[0]?.signal.aborted).toBe(true);
      await expect(readdir(scratchDir)).rejects.toThrow(/ENOENT/);
      expect(lab.tries).toMatchObject([{ outcome: 'released' }]);

      const next = noting();
      await lab.start([workJob({ run: next.run })]);
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
      expect(next.attempts).toEqual([1]);
    });

    test('a stop lets a job end that needs no longer than half of the stop time', async () => {
      const gate = Promise.withResolvers<void>();
      let begun = false;
      const job = workJob({
        async run() {
          begun = true;
          await gate.promise;
        },
      });
      const farm = await lab.start([job], { stopWithinMs: 10_000 });
      const id = await lab.enqueue(farm);
      await waitFor(() => begun);
      const stopped = farm.stop();
      gate.resolve();
      await stopped;
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
    });
  });

  describe('limits of a queue', () => {
    test('no more jobs run at once than the concurrency allows', async () => {
      let running = 0;
      let most = 0;
      const full = Promise.withResolvers<void>();
      const job = workJob({
        async run() {
          most = Math.max(most, ++running);
          if (running === 3) full.resolve();
          await full.promise;
          running -= 1;
        },
      });
      const farm = await lab.start([job], { concurrency: 3 });
      const ids = await Promise.all(Array.from({ length: 9 }, () => lab.enqueue(farm)));
      for (const id of ids) await lab.outcomes(id);
      expect(most).toBe(3);
    });

    test('no more jobs begin in a second than the rate allows', async () => {
      const begun: number[] = [];
      const job = workJob({ run: async () => void begun.push(performance.now()) });
      const farm = await lab.start([job], { concurrency: 8, perSecond: 2 });
      const ids = await Promise.all(Array.from({ length: 5 }, () => lab.enqueue(farm)));
      for (const id of ids) await lab.outcomes(id, 20_000);
      expect(begun[4]! - begun[0]!).toBeGreaterThan(1_000);
    });
  });
});
