import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eq } from 'drizzle-orm';
import { createMemoryBus } from '@armoricore/shared/bus';
import { media } from '@armoricore/shared/db';
import { AppError, newId, silentLog } from '@armoricore/shared/kernel';
import { waitFor } from '../../../test/support/wait.ts';
import { createFarm, type JobContext } from '../src/core/index.ts';
import { createSettler } from '../src/core/settle.ts';
import { createFarmLab, type FarmLab } from './support/farm.ts';
import { inputOf, readyPayload, workContract, workJob } from './support/work-job.ts';

let lab: FarmLab;
beforeEach(async () => {
  lab = await createFarmLab();
});
afterEach(() => lab.close());

/** A run that lasts until its signal aborts, and what it saw. */
function untilAborted() {
  const contexts: JobContext[] = [];
  const run = async (_input: unknown, context: JobContext): Promise<void> => {
    contexts.push(context);
    await once(context.signal, 'abort');
    throw new Error('cut short');
  };
  return { run, contexts, started: () => waitFor(() => contexts[0], { what: 'the run' }) };
}

describe('tries', () => {
  test('a job that fails in a way that may pass is tried again until it is done', async () => {
    const attempts: number[] = [];
    const job = workJob({
      async run(_input, { attempt }) {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
      },
    });
    const farm = await lab.start([job]);
    const id = await lab.enqueue(farm);
    const [event] = await lab.outcomes(id);
    expect(event).toMatchObject({ event_type: 'media.ready', source: 'media-worker' });
    expect(attempts).toEqual([1, 2, 3]);
    expect(await lab.deadLettersOf(id)).toEqual([]);
  });

  test('an error that is not retryable ends the job at once, with a dead letter', async () => {
    let runs = 0;
    const job = workJob({
      async run() {
        runs++;
        throw new AppError('not_media', {}, { cause: new Error('no header') });
      },
    });
    const farm = await lab.start([job]);
    const id = await lab.enqueue(farm);
    const [event] = await lab.outcomes(id);
    expect(event).toMatchObject({ event_type: 'media.failed', payload: { reason: 'not_media' } });
    expect(runs).toBe(1);
    const letters = await lab.deadLettersOf(id);
    const about = { kind: 'job', origin: 'media', name: 'test.work', reason: 'not_media', attempts: 1 };
    expect(letters).toMatchObject([{ ...about, payload: inputOf(id) }]);
    expect(letters[0]?.lastError).toContain('no header');
  });

  test('when all tries failed the job ends with its last error', async () => {
    let runs = 0;
    const job = workJob({
      async run() {
        runs++;
        throw new Error('the disk is on fire');
      },
    });
    const farm = await lab.start([job]);
    const id = await lab.enqueue(farm);
    const [event] = await lab.outcomes(id);
    expect(event).toMatchObject({ event_type: 'media.failed', payload: { reason: 'internal' } });
    expect(runs).toBe(workContract.attempts);
    expect(await lab.deadLettersOf(id)).toMatchObject([{ attempts: 3, lastError: expect.stringContaining('the disk is on fire') }]);
  });

  test('a run over its time limit is aborted and counts as a failed try', async () => {
    const { run, contexts } = untilAborted();
    const farm = await lab.start([workJob({ run, timeLimitMs: 50 })]);
    const id = await lab.enqueue(farm);
    const [event] = await lab.outcomes(id);
    expect(event).toMatchObject({ event_type: 'media.failed', payload: { reason: 'time_limit' } });
    expect(contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(contexts.every(({ signal }) => signal.reason instanceof AppError)).toBe(true);
  });
});

describe('one outcome', () => {
  test('a job that is asked for twice by the same event runs once', async () => {
    let runs = 0;
    const job = workJob({
      async run() {
        runs++;
      },
    });
    const farm = await lab.start([job]);
    const id = await lab.enqueue(farm);
    await lab.enqueue(farm, id);
    await lab.outcomes(id);
    await lab.enqueue(farm, id);
    const marker = await lab.enqueue(farm);
    await lab.outcomes(marker);
    expect(runs).toBe(2); // One each for id and marker, which came after.
    expect(await lab.outcomes(id)).toHaveLength(1);
  });

  test('of two runs of one job that end differently, the second one writes and tells nothing', async () => {
    const job = workJob({
      run: async () => {},
      async done(tx, { media_id, user_id }) {
        await tx.insert(media).values({ id: media_id, userId: user_id, state: 'ready' });
        return readyPayload(media_id);
      },
    });
    const settler = createSettler(lab.database.db, lab.bus);
    const id = newId();
    const settled = { jobId: id, input: inputOf(id), attempts: 1 };
    expect(await settler.failed(job, settled, new AppError('encoder_failed'))).toBe(true);
    expect(await settler.done(job, settled, undefined)).toBe(false);
    expect(await settler.failed(job, settled, new AppError('internal'))).toBe(false);
    expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.failed', payload: { reason: 'encoder_failed' } }]);
    expect(await lab.database.db.select().from(media).where(eq(media.id, id))).toEqual([]);
    expect(await lab.deadLettersOf(id)).toMatchObject([{ reason: 'encoder_failed' }]);
  });

  test('an input that the contract does not allow is refused and no job is made', async () => {
    const farm = await lab.start([workJob({ run: async () => {} })]);
    const wrong = { ...inputOf('m1'), user_id: '' };
    await expect(farm.enqueue(workContract, wrong, newId())).rejects.toMatchObject({ code: 'invalid_payload' });
  });

  test('a bus that takes no transaction is refused with the reason', () => {
    const { url, database, scratchDir } = lab;
    const options = { jobs: [], databaseUrl: url, db: database.db, log: silentLog, scratchDir, stopWithinMs: 100 };
    expect(() => createFarm({ ...options, bus: createMemoryBus() })).toThrow(/takes no transaction/);
  });
});

describe('workers that go away', () => {
  test('a job whose process is killed is done by the next one, once', async () => {
    const worker = fork(new URL('fixtures/hanging-worker.ts', import.meta.url), [lab.url, lab.scratchDir], { execArgv: [] });
    try {
      const other = await lab.start([]);
      const id = await lab.enqueue(other);
      await once(worker, 'message');
      expect(await lab.scratchEntries()).toHaveLength(1);
      worker.kill('SIGKILL');
      await once(worker, 'exit');

      const attempts: number[] = [];
      await lab.start([workJob({ run: async (_input, { attempt }) => void attempts.push(attempt) })], { lockMs: 1_500 });
      const found = await lab.outcomes(id, 20_000);
      expect(found).toMatchObject([{ event_type: 'media.ready' }]);
      expect(attempts).toEqual([1]);
      expect(await lab.scratchEntries()).toEqual([]);
    } finally {
      worker.kill('SIGKILL');
    }
  });

  test('a stop hands the running job over without counting a try', async () => {
    const { run, contexts, started } = untilAborted();
    const first = await lab.start([workJob({ run })], { stopWithinMs: 400 });
    const id = await lab.enqueue(first);
    const { scratchDir } = await started();
    await first.stop();
    expect(contexts[0]?.signal.aborted).toBe(true);
    await expect(readdir(scratchDir)).rejects.toThrow(/ENOENT/);

    const attempts: number[] = [];
    await lab.start([workJob({ run: async (_input, { attempt }) => void attempts.push(attempt) })]);
    expect(await lab.outcomes(id)).toMatchObject([{ event_type: 'media.ready' }]);
    expect(attempts).toEqual([1]);
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

describe('cancel', () => {
  test('a running job is aborted, also from another farm, and ends as cancelled', async () => {
    const { run, started } = untilAborted();
    await lab.start([workJob({ run })], { lockMs: 400 });
    const other = await lab.start([]);
    const id = await lab.enqueue(other);
    await started();
    await other.cancel(workContract, id);
    expect(await lab.outcomes(id)).toMatchObject([{ payload: { reason: 'job_cancelled' } }]);
  });

  test('a job that still waits is not run', async () => {
    let runs = 0;
    const idle = await lab.start([]);
    const id = await lab.enqueue(idle);
    await idle.cancel(workContract, id);
    await lab.start([workJob({ run: async () => void runs++ })]);
    expect(await lab.outcomes(id)).toMatchObject([{ payload: { reason: 'job_cancelled' } }]);
    expect(runs).toBe(0);
  });

  test('a job that is not there cannot be cancelled', async () => {
    const farm = await lab.start([]);
    await expect(farm.cancel(workContract, newId())).rejects.toMatchObject({ code: 'not_found' });
  });
});
