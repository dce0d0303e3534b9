import { sql } from 'drizzle-orm';
import type { Database, Transaction } from '../db/index.ts';
import { AppError } from '../kernel/index.ts';

/** NOTIFY channel of the job farm; the payload is the id of a job that is to end. */
export const CANCEL_CHANNEL = 'armoricore_jobs';
const MAX_ID_LENGTH = 128;

/**
 * Asks for the end of the jobs that the event `jobId` started. Every jobs process hears of it as soon as this commits: one that
 * runs such a job aborts it, and what waits gets its outcome `job_cancelled` without a run. A job that has its outcome keeps
 * it, and an id that nobody knows changes nothing.
 * @throws AppError `invalid_payload`
 */
export async function requestCancel(db: Database | Transaction, jobId: string): Promise<void> {
  if (jobId === '' || jobId.length > MAX_ID_LENGTH || jobId.includes('\0')) {
    throw new AppError('invalid_payload', { issues: [{ path: 'job_id', message: `a text of 1 to ${MAX_ID_LENGTH} characters` }] });
  }
  await db.execute(sql`
    WITH asked AS (INSERT INTO job_cancellations (job_id) VALUES (${jobId}) ON CONFLICT (job_id) DO UPDATE SET requested_at = now())
    SELECT pg_notify(${CANCEL_CHANNEL}, ${jobId})`);
}
