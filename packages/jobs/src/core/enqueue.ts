import { issuesOf } from '@armoricore/shared/events';
import { QUEUES, type JobContract } from '@armoricore/shared/jobs';
import { AppError, batched, withDeadline } from '@armoricore/shared/kernel';
import type { JobData, JobQueue, QueueStore } from '@armoricore/shared/queues';
import { keyOf, type JobRecords } from './records.ts';

/** Larger inputs are kept in the database, so that the queues stay small. In bytes of JSON. */
const MAX_QUEUED_INPUT = 8 * 1024;
/** How long an enqueue on PostgreSQL may take, in ms, whatever it waits for; Redis' commands have a limit each. */
const ENQUEUE_MS = 8_000;
/** Jobs that are put in a queue on PostgreSQL together, and such puts at once. */
const TOGETHER = { max: 256, enough: 32, parallel: 2 };

/**
 * Puts a job in its queue; again with the same event id does nothing.
 * @throws AppError `invalid_payload`; `unavailable` when the queue does not answer in time
 */
export type Enqueue = <Input>(contract: JobContract<string, Input>, input: Input, eventId: string) => Promise<void>;

type Entry = Parameters<JobQueue['addBulk']>[0][number];

/**
 * Jobs that are asked for at about the same time are put in a queue on PostgreSQL together: every put there ends in a NOTIFY, and
 * PostgreSQL commits what has one only one after the other. Redis takes them as they come.
 */
export function createEnqueue({ queues, records }: { queues: QueueStore; records: JobRecords }): Enqueue {
  const puts = new Map(QUEUES.map((name) => [name, putInto(queues.queue(name))]));

  function putInto(queue: JobQueue): (entry: Entry) => Promise<unknown> {
    if (queues.backend === 'redis') return ({ name, data, opts }) => queue.add(name, data, opts);
    const together = batched(TOGETHER, (entries: readonly Entry[]) => queue.addBulk([...entries]));
    return (entry) => withDeadline(together(entry), ENQUEUE_MS, `the queue did not answer within ${ENQUEUE_MS} ms`);
  }

  return async (contract, input, eventId) => {
    const checked = contract.input.safeParse(input);
    if (!checked.success) throw new AppError('invalid_payload', { issues: issuesOf(checked.error) });
    const large = Buffer.byteLength(JSON.stringify(checked.data)) > MAX_QUEUED_INPUT;
    if (large) await records.saveInput(keyOf(contract, eventId), checked.data);
    const data: JobData = large ? { stored: true } : { input: checked.data };
    try {
      await puts.get(contract.queue)!({ name: contract.name, data, opts: { jobId: eventId, attempts: contract.attempts } });
    } catch (cause) {
      throw new AppError('unavailable', { service: 'queue' }, { cause });
    }
  };
}
