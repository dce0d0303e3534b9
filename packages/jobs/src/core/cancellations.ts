import { desc, eq, sql } from 'drizzle-orm';
import { jobCancellations, startListener, type Database, type Listener } from '@armoricore/shared/db';
import { CANCEL_CHANNEL } from '@armoricore/shared/jobs/cancel';
import { describeError, type Log } from '@armoricore/shared/kernel';

/** How often the table is read, in ms: for what no notification told of. */
const POLL_MS = 5_000;
/** A request this young is acted on at each poll, as its job may come into the queue after it. In s. */
const FRESH_S = 600;
/** Requests that are remembered; older ones are forgotten first. */
const MAX_KNOWN = 10_000;

export interface Cancellations {
  /** Resolves when the requests of the past are known. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether somebody asked for the end of this job. */
  has(jobId: string): boolean;
  /** Nothing is left to end. */
  clear(jobId: string): Promise<void>;
}

export interface CancellationsOptions {
  db: Database;
  /** For the connection that listens. */
  connectionString: string;
  log: Log;
  /** Gets each request once or more. */
  onRequest: (jobId: string) => Promise<void>;
}

/** Hears of the requests to end jobs (`requestCancel`): at once by NOTIFY, and by a slow poll when that fails. */
export function createCancellations({ db, connectionString, log, onRequest }: CancellationsOptions): Cancellations {
  const known = new Set<string>();
  const failed = new Set<string>();
  const acting = new Set<Promise<void>>();
  let listener: Listener | undefined;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;

  function remember(jobId: string): void {
    known.delete(jobId);
    known.add(jobId);
    for (const oldest of known) {
      if (known.size <= MAX_KNOWN) break;
      known.delete(oldest);
      failed.delete(oldest);
    }
  }

  function act(jobId: string): void {
    remember(jobId);
    failed.delete(jobId);
    const action = onRequest(jobId)
      .catch((error: unknown) => {
        failed.add(jobId);
        log.warn({ job_id: jobId, reason: describeError(error) }, 'a cancel did not get through; it is tried again');
      })
      .finally(() => acting.delete(action));
    acting.add(action);
  }

  async function poll({ all }: { all: boolean }): Promise<void> {
    const rows = await db
      .select({ id: jobCancellations.jobId, fresh: sql<boolean>`requested_at > now() - ${FRESH_S} * interval '1 second'` })
      .from(jobCancellations)
      .orderBy(desc(jobCancellations.requestedAt))
      .limit(MAX_KNOWN);
    for (const { id, fresh } of rows.toReversed()) {
      if (all || fresh || failed.has(id) || !known.has(id)) act(id);
    }
  }

  function startPoll({ all }: { all: boolean }): void {
    polling ??= poll({ all })
      .catch((error: unknown) => log.warn({ reason: describeError(error) }, 'could not ask for cancelled jobs'))
      .finally(() => (polling = undefined));
  }

  return {
    async start() {
      await poll({ all: true });
      // A reconnect may have missed anything.
      const onNotify = (jobId: string | null): void => (jobId === null ? startPoll({ all: true }) : act(jobId));
      listener = startListener({ connectionString, channel: CANCEL_CHANNEL, onNotify, log });
      timer = setInterval(() => startPoll({ all: false }), POLL_MS);
    },
    async stop() {
      clearInterval(timer);
      await listener?.stop();
      await polling;
      await Promise.all(acting);
    },
    has: (jobId) => known.has(jobId),
    async clear(jobId) {
      await db.delete(jobCancellations).where(eq(jobCancellations.jobId, jobId));
    },
  };
}
