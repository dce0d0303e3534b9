import { UnrecoverableError, type QueuedJob } from '@armoricore/shared/queues';
import type { AnyJob, Checkpoint } from './define-job.ts';
import { keyOf, type JobRecords } from './records.ts';

/**
 * Whether a job has its outcome already. Such jobs come when their worker died between the outcome and their leaving the
 * queue, when they were cancelled while they waited, and when an operator put them back.
 * @throws UnrecoverableError when the outcome was a failure
 */
export async function hadOutcome(records: JobRecords, { contract }: AnyJob, queued: QueuedJob): Promise<boolean> {
  const isFresh = queued.attemptsStarted === 1 && queued.data.cancelled !== true;
  if (isFresh) return false;
  const type = await records.outcomeOf(contract, queued.id ?? '');
  if (type === contract.results.failed) throw new UnrecoverableError('the job has failed before; to do it again, replay its dead letter');
  return type !== undefined;
}

/** @throws UnrecoverableError when it was kept in the database and is gone */
export async function inputOf(records: JobRecords, { contract }: AnyJob, queued: QueuedJob): Promise<unknown> {
  if ('input' in queued.data) return queued.data.input;
  const stored = await records.loadInput(keyOf(contract, queued.id ?? ''));
  if (stored === undefined) throw new UnrecoverableError('the stored input of the job is gone, with an outcome or by its age');
  return stored;
}

export interface SeenCheckpoint extends Checkpoint {
  /** Whether the run saw that there are any. */
  exist(): boolean;
  /** Tells that others may save some for the job. */
  expect(): void;
}

/** The checkpoints of a job. */
export function checkpointsOf(records: JobRecords, { contract }: AnyJob, queued: QueuedJob): SeenCheckpoint {
  const key = keyOf(contract, queued.id ?? '');
  let exist = false;
  return {
    exist: () => exist,
    expect() {
      exist = true;
    },
    async load(step) {
      const value = await records.loadCheckpoint(key, step);
      exist ||= value !== undefined;
      return value;
    },
    save(step, value) {
      exist = true;
      return records.saveCheckpoint(key, step, value);
    },
  };
}
