import { describeError, type Log } from '../kernel/index.ts';
import type { JobQueue, JobWorker } from './port.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Finished jobs are kept so long and so many of each queue: for operators to see. Outcomes and dead letters are in the database. */
const KEPT = { completed: { days: 7, count: 1_000 }, failed: { days: 30, count: 1_000 } };
type Finished = keyof typeof KEPT;
/** The states of jobs that are over. */
export const FINISHED = ['completed', 'failed'] as const satisfies Finished[];
/** It is looked after them when so many have finished here since, and every so often, in ms. */
const TRIM_AFTER = 250;
const TRIM_EVERY_MS = 10 * 60_000;
/** Jobs that one call removes: more would hold up all that Redis has to do meanwhile. */
const AT_ONCE = 1_000;

export interface Retention {
  /** Resolves when no call is under way any more. */
  stop(): Promise<void>;
}

/**
 * Keeps what `worker` has brought to `state` small. BullMQ would do so at the end of every job (`removeOnComplete`), which costs its
 * PostgreSQL backend as much as sorting all that is kept: half of its jobs a second.
 */
export function trimFinished(queue: JobQueue, worker: JobWorker, state: Finished, log: Log): Retention {
  let finished = 0;
  let trimming: Promise<void> | undefined;
  let stopped = false;

  async function trimAll(): Promise<void> {
    do {
      const count = finished;
      finished = 0;
      await trim(queue, state, count);
    } while (finished >= TRIM_AFTER && !stopped);
  }
  function begin(): void {
    if (stopped) return;
    trimming ??= trimAll()
      .catch((error: unknown) => log.warn({ queue: queue.name, state, reason: describeError(error) }, 'finished jobs could not be removed'))
      .finally(() => (trimming = undefined));
  }
  worker.on(state, () => {
    finished += 1;
    if (finished >= TRIM_AFTER) begin();
  });
  const timer = setInterval(begin, TRIM_EVERY_MS).unref();

  async function stop(): Promise<void> {
    stopped = true;
    clearInterval(timer);
    await trimming;
  }
  worker.once('closed', () => void stop());
  return { stop };
}

/** Removes what finished before the newest that are kept; of two processes at it each removes the same. */
async function trim(queue: JobQueue, state: Finished, finished: number): Promise<void> {
  const { days, count } = KEPT[state];
  const [newestToGo] = await queue.getJobs([state], count, count, false);
  const keptMs = Math.min(days * DAY_MS, Date.now() - (newestToGo?.finishedOn ?? 0));
  const calls = Math.max(1, Math.ceil(finished / AT_ONCE));
  await Promise.all(Array.from({ length: calls }, () => queue.clean(keptMs, AT_ONCE, state)));
}
