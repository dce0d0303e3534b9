import type { Database } from '@armoricore/shared/db';
import { requestCancel } from '@armoricore/shared/jobs/cancel';
import type { JobControl } from '../domain/jobs.ts';
import { recordAct } from './audit.ts';

/** Requests to jobs, by way of the database. */
export function createJobControl(db: Database): JobControl {
  return {
    requestCancel: (jobId, act) =>
      db.transaction(async (transaction) => {
        await requestCancel(transaction, jobId);
        await recordAct(transaction, act);
      }),
  };
}
