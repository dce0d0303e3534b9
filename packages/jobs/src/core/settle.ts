import type { Bus } from '@armoricore/shared/bus';
import { deadLetters, type Database, type Transaction } from '@armoricore/shared/db';
import { createEvent, type EventType } from '@armoricore/shared/events';
import { AppError, deriveId, describeError, newId } from '@armoricore/shared/kernel';
import type { AnyJob } from './define-job.ts';

/** The most of an error that a dead letter keeps, in characters. */
const MAX_ERROR_LENGTH = 4_000;

export interface Settled {
  jobId: string;
  input: unknown;
  /** Tries so far, this one included. */
  attempts: number;
}

export interface Settler {
  /** Writes the result and publishes `results.done`. False when the job had an outcome before; then nothing is written. */
  done(job: AnyJob, settled: Settled, result: unknown): Promise<boolean>;
  /** Writes the failure and a dead letter and publishes `results.failed`. False as above. */
  failed(job: AnyJob, settled: Settled, error: AppError): Promise<boolean>;
}

/**
 * Gives every job exactly one outcome. What is written and its event are one transaction, and both events that a job may
 * end with share one event_id: of two runs that end, in whatever way, the bus refuses the second and its writes roll back.
 */
export function createSettler(db: Database, bus: Bus): Settler {
  async function once(
    job: AnyJob,
    jobId: string,
    type: EventType,
    write: (tx: Transaction) => Promise<object>,
  ): Promise<boolean> {
    try {
      await db.transaction(async (tx) => {
        const payload = await write(tx);
        const eventId = deriveId(jobId, `${job.contract.name} outcome`);
        const event = createEvent(type, payload as never, { source: job.source, eventId });
        const { duplicate } = await bus.publish(event, { transaction: tx });
        if (duplicate) throw new SettledBefore();
      });
      return true;
    } catch (error) {
      if (error instanceof SettledBefore || (error instanceof AppError && error.code === 'event_id_conflict')) return false;
      throw error;
    }
  }

  return {
    done: (job, { jobId, input }, result) => once(job, jobId, job.contract.results.done, (tx) => job.done(tx, input, result)),
    failed: (job, { jobId, input, attempts }, error) =>
      once(job, jobId, job.contract.results.failed, async (tx) => {
        const payload = await job.failed(tx, input, error);
        await tx
          .insert(deadLetters)
          .values({
            id: newId(),
            kind: 'job',
            origin: job.contract.queue,
            refId: jobId,
            name: job.contract.name,
            payload: input,
            reason: error.code,
            attempts,
            lastError: describeError(error).slice(0, MAX_ERROR_LENGTH),
          })
          .onConflictDoNothing();
        return payload;
      }),
  };
}

class SettledBefore extends Error {}
