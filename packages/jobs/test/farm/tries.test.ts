import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '@armoricore/shared/kernel';
import { createFarmLab, onEachBackend, type FarmLab } from '../support/farm.ts';
import { noting, untilAborted } from '../support/runs.ts';
import { inputOf, workContract, workJob } from '../support/work-job.ts';

onEachBackend((backend) => {
  let lab: FarmLab;
  beforeEach(async () => {
    lab = await createFarmLab(backend);
  });
  afterEach(() => lab.close());

  describe('tries', () => {
    test('a transient failure is tried again until the job is done', async () => {
      const { run, attempts } = noting([new Error('not yet'), new AppError('unavailable')]);
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      const [event] = await lab.outcomes(id);
      expect(event).toMatchObject({ event_type: 'media.ready', source: 'media-worker' });
      expect(attempts).toEqual([1, 2, 3]);
      expect(await lab.deadLettersOf(id)).toEqual([]);
      expect(lab.tries.map(({ outcome }) => outcome)).toEqual(['retried', 'retried', 'done']);
    });

    test('a permanent failure ends the job at once, with a dead letter', async () => {
      const { run, attempts } = noting([new AppError('not_media', {}, { cause: new Error('no header') })]);
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      const [event] = await lab.outcomes(id);
      expect(event).toMatchObject({ event_type: 'media.failed', payload: { reason: 'not_media' } });
      expect(attempts).toEqual([1]);
      const letters = await lab.deadLettersOf(id);
      const about = { kind: 'job', origin: 'media', name: 'test.work', reason: 'not_media', attempts: 1 };
      expect(letters).toMatchObject([{ ...about, payload: inputOf(id) }]);
      expect(letters[0]?.lastError).toContain('no header');
    });

    test('a processing failure gets one more try, whatever the attempts', async () => {
      const { run, attempts } = noting([new AppError('encoder_failed'), new AppError('encoder_failed')]);
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'encoder_failed' } }]);
      expect(attempts).toEqual([1, 2]);
    });

    test('when all tries failed the job ends with its last error', async () => {
      const { run, attempts } = noting([1, 2, 3, 4].map(() => new Error('the disk is on fire')));
      const farm = await lab.start([workJob({ run })]);
      const id = await lab.enqueue(farm);
      const [event] = await lab.outcomes(id);
      expect(event).toMatchObject({ event_type: 'media.failed', payload: { reason: 'internal' } });
      expect(attempts).toHaveLength(workContract.attempts);
      expect(await lab.deadLettersOf(id)).toMatchObject([{ attempts: 3, lastError: expect.stringContaining('the disk is on fire') }]);
    });

    test('a run over its time limit is aborted and counts as a failed try', async () => {
      const { run, contexts } = untilAborted();
      const farm = await lab.start([workJob({ run, timeLimitMs: 50 })]);
      const id = await lab.enqueue(farm);
      const [event] = await lab.outcomes(id);
      expect(event).toMatchObject({ event_type: 'media.failed', payload: { reason: 'time_limit' } });
      expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(contexts.every(({ signal }) => signal.reason instanceof AppError)).toBe(true);
    });
  });
});
