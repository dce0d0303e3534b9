import { consumerService, createInbox, type Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import type { Service } from '@armoricore/shared/kernel';
import type { AnyJob, Farm } from '../core/index.ts';

/** The consumer group of all jobs processes, where a job has none of its own: each trigger event reaches one of them. */
const JOBS = 'jobs';
/** Events that are turned into jobs at once: together they cost little more than one. */
const CONCURRENCY = 64;

export interface TriggerBridgeOptions {
  bus: Bus;
  db: Database;
  farm: Farm;
  jobs: readonly AnyJob[];
  /** That of the jobs' contracts. */
  group?: string | undefined;
}

/**
 * Turns the trigger events of the bus into jobs. A job's id is its event's id, so that an event whose handling was cut
 * short changes nothing when it comes again; one that was handled is known by the inbox, also when its job is long gone.
 */
export function createTriggerBridge({ bus, db, farm, jobs, group = JOBS }: TriggerBridgeOptions): Service {
  const inbox = createInbox(db, group);
  return consumerService(group === JOBS ? 'triggers' : `triggers of ${group}`, bus, {
    group,
    types: [...new Set(jobs.map((job) => job.contract.trigger))],
    concurrency: CONCURRENCY,
    async handler(event) {
      await inbox.handle(event, async () => {
        for (const { contract } of jobs) {
          if (contract.trigger === event.event_type) await farm.enqueue(contract, event.payload, event.event_id);
        }
      });
    },
  });
}
