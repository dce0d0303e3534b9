import type { Bus } from '@armoricore/shared/bus';
import type { Database, Transaction } from '@armoricore/shared/db';
import type { Bury } from '@armoricore/shared/dead-letters';
import { createEvent, type BusEvent, type EventType } from '@armoricore/shared/events';
import { AppError, batched, describeError } from '@armoricore/shared/kernel';
import type { AnyJob } from './define-job.ts';
import { keyOf, outcomeId, type JobRecords } from './records.ts';

/** Outcomes that share a transaction, at most. */
const MAX_BATCH = 128;
/** A transaction waits for so many at most, and so long in ms; for fewer and shorter where few jobs run at once. */
const ENOUGH = 64;
const GATHER_MS = 25;
/** Such transactions at once, so that one that waits for a lock does not hold up all jobs of the process. */
const PARALLEL = 4;

export interface Settled {
  jobId: string;
  input: unknown;
  /** Tries so far, this one included. */
  attempts: number;
  /** Nothing is kept of the job in the database: no input, checkpoint or request to cancel it. By default there may be. */
  traceless?: boolean;
}

export interface Settler {
  /** Writes the result and publishes `results.done`. False when the job had an outcome before; then nothing is written. */
  done(job: AnyJob, settled: Settled, result: unknown): Promise<boolean>;
  /** Writes the failure and a dead letter and publishes `results.failed`. False as above. */
  failed(job: AnyJob, settled: Settled, error: AppError): Promise<boolean>;
}

export interface SettlerOptions {
  db: Database;
  bus: Bus;
  bury: Bury;
  records: JobRecords;
  /** Jobs that this process runs at once. */
  concurrency: number;
}

interface Outcome {
  job: AnyJob;
  jobId: string;
  type: EventType;
  traceless: boolean;
  write: (tx: Transaction) => Promise<object>;
}

/**
 * Gives every job exactly one outcome. What is written and its event are one transaction, and both events that a job may
 * end with share one event_id: of two runs that end, in whatever way, the bus refuses the second and its writes roll back.
 * Jobs that are done at about the same time share a transaction; when one of them spoils it, each gets one of its own.
 */
export function createSettler({ db, bus, bury, records, concurrency }: SettlerOptions): Settler {
  const publishAll = bus.publishAll ?? refuseBus();

  async function commit(outcomes: readonly Outcome[]): Promise<void> {
    await db.transaction(async (tx) => {
      const told: BusEvent[] = [];
      for (const { job, jobId, type, write } of outcomes) {
        const payload = await write(tx);
        told.push(createEvent(type, payload as never, { source: job.source, eventId: outcomeId(job.contract, jobId) }));
      }
      const published = await publishAll(told, { transaction: tx });
      if (published.some(({ duplicate }) => duplicate)) throw new SettledBefore();
      const kept = outcomes.filter(({ traceless }) => !traceless);
      if (kept.length > 0) await records.forget(tx, kept.map(({ job, jobId }) => ({ key: keyOf(job.contract, jobId), jobId })));
    });
  }

  async function alone(outcome: Outcome): Promise<boolean> {
    try {
      await commit([outcome]);
      return true;
    } catch (error) {
      if (error instanceof SettledBefore || (error instanceof AppError && error.code === 'event_id_conflict')) return false;
      throw error;
    }
  }

  const enough = Math.min(ENOUGH, Math.ceil(concurrency / 8));
  const gatherMs = Math.min(GATHER_MS, concurrency / 16);
  const together = batched<Outcome, boolean>({ max: MAX_BATCH, enough, gatherMs, parallel: PARALLEL }, async (outcomes) => {
    if (outcomes.length === 1) return [await alone(outcomes[0]!)];
    await commit(outcomes);
    return outcomes.map(() => true);
  });

  return {
    done: (job, { jobId, input, traceless = false }, result) =>
      together({ job, jobId, traceless, type: job.contract.results.done, write: (tx) => job.done(tx, input, result) }),
    failed: (job, { jobId, input, attempts }, error) =>
      alone({
        job,
        jobId,
        type: job.contract.results.failed,
        traceless: false,
        async write(tx) {
          const payload = await job.failed(tx, input, error);
          const about = { kind: 'job', origin: job.contract.queue, refId: jobId, name: job.contract.name } as const;
          await bury({ ...about, payload: input, reason: error.code, attempts, lastError: describeError(error) }, tx);
          return payload;
        },
      }),
  };
}

class SettledBefore extends Error {}

function refuseBus(): never {
  throw new Error('the farm got a bus that takes no transaction; needed: one that publishes in transactions of the outcomes');
}
