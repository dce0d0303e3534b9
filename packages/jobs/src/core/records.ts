import { and, eq, lt, sql } from 'drizzle-orm';
import { events, jobCancellations, jobCheckpoints, jobInputs, type Database, type Transaction } from '@armoricore/shared/db';
import type { EventType } from '@armoricore/shared/events';
import type { JobContract } from '@armoricore/shared/jobs';
import { AppError, deriveId } from '@armoricore/shared/kernel';

/** Largest value of a checkpoint, as JSON, in bytes. */
const MAX_CHECKPOINT_BYTES = 64 * 1024;
/** What no outcome removed goes after this time: requests for jobs that never came, inputs whose queue was lost. In days. */
const KEEP_DAYS = 30;

/** Begins the step under which a part tells how much it has done. */
const PART_DONE = 'part done ';

/** One event may start jobs of several contracts, which share the id: this tells them apart. */
export function keyOf(contract: JobContract, jobId: string): string {
  return `${contract.name}:${jobId}`;
}

/** The one event_id that whatever ends a job has. */
export function outcomeId(contract: JobContract, jobId: string): string {
  return deriveId(jobId, `${contract.name} outcome`);
}

/** What the database keeps of jobs that have no outcome yet. `key` is of `keyOf`. */
export interface JobRecords {
  /** The type of the event that told the end of a job; undefined when it has none. */
  outcomeOf(contract: JobContract, jobId: string): Promise<EventType | undefined>;
  saveInput(key: string, input: unknown): Promise<void>;
  /** Undefined when there is none. */
  loadInput(key: string): Promise<unknown>;
  /** @throws AppError `payload_too_large` */
  saveCheckpoint(key: string, step: string, value: unknown): Promise<void>;
  /** Undefined when there is none. */
  loadCheckpoint(key: string, step: string): Promise<unknown>;
  /** Notes how much a part of the job has done, and resolves to what all its parts have done. */
  reportPart(key: string, partId: string, done: number): Promise<number>;
  /** Removes all that was kept for these jobs. */
  forget(tx: Transaction, jobs: readonly { key: string; jobId: string }[]): Promise<void>;
  /** Removes what is older than any job. */
  prune(): Promise<void>;
}

export function createJobRecords(db: Database): JobRecords {
  return {
    async outcomeOf(contract, jobId) {
      const [row] = await db.select({ type: events.eventType }).from(events).where(eq(events.eventId, outcomeId(contract, jobId)));
      return row?.type as EventType | undefined;
    },
    async saveInput(key, input) {
      await db.insert(jobInputs).values({ jobId: key, input }).onConflictDoNothing();
    },
    async loadInput(key) {
      const [row] = await db.select({ input: jobInputs.input }).from(jobInputs).where(eq(jobInputs.jobId, key));
      return row?.input;
    },
    async saveCheckpoint(key, step, value) {
      const bytes = Buffer.byteLength(JSON.stringify(value));
      if (bytes > MAX_CHECKPOINT_BYTES) throw new AppError('payload_too_large', { bytes, max_bytes: MAX_CHECKPOINT_BYTES });
      await db
        .insert(jobCheckpoints)
        .values({ jobId: key, step, value })
        .onConflictDoUpdate({ target: [jobCheckpoints.jobId, jobCheckpoints.step], set: { value, at: sql`now()` } });
    },
    async loadCheckpoint(key, step) {
      const [row] = await db
        .select({ value: jobCheckpoints.value })
        .from(jobCheckpoints)
        .where(and(eq(jobCheckpoints.jobId, key), eq(jobCheckpoints.step, step)));
      return row?.value;
    },
    async reportPart(key, partId, done) {
      await this.saveCheckpoint(key, `${PART_DONE}${partId}`, done);
      const { rows } = await db.execute<{ done: number }>(sql`
        SELECT coalesce(sum(value::text::float8), 0) AS done FROM job_checkpoints
        WHERE job_id = ${key} AND starts_with(step, ${PART_DONE}) AND jsonb_typeof(value) = 'number'`);
      return Number(rows[0]?.done ?? 0);
    },
    async forget(tx, jobs) {
      const keys = sql.param(jobs.map(({ key }) => key));
      const ids = sql.param(jobs.map(({ jobId }) => jobId));
      await tx.execute(sql`
        WITH checkpoints AS (DELETE FROM job_checkpoints WHERE job_id = ANY (${keys}::text[])),
          inputs AS (DELETE FROM job_inputs WHERE job_id = ANY (${keys}::text[]))
        DELETE FROM job_cancellations WHERE job_id = ANY (${ids}::text[])`);
    },
    async prune() {
      const old = sql`now() - ${KEEP_DAYS} * interval '1 day'`;
      await db.delete(jobCancellations).where(lt(jobCancellations.requestedAt, old));
      await db.delete(jobInputs).where(lt(jobInputs.createdAt, old));
      await db.delete(jobCheckpoints).where(lt(jobCheckpoints.at, old));
    },
  };
}
