import { jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** Jobs that somebody asked to end. A worker that takes such a job gives it the outcome `job_cancelled`. */
export const jobCancellations = pgTable('job_cancellations', {
  jobId: text('job_id').primaryKey(),
  requestedAt: timestamp('requested_at', { withTimezone: true }).notNull().defaultNow(),
});

/** What a job has finished, for the run that goes on when its worker died. Gone with the outcome of the job. */
export const jobCheckpoints = pgTable(
  'job_checkpoints',
  {
    jobId: text('job_id').notNull(),
    step: text().notNull(),
    value: jsonb().notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.step] })],
);

/** Inputs too large for a queue: there stands only that they are here. Gone with the outcome of the job. */
export const jobInputs = pgTable('job_inputs', {
  jobId: text('job_id').primaryKey(),
  input: jsonb().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});
