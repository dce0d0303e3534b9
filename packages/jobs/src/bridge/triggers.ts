import type { Bus, Subscription } from '@armoricore/shared/bus';
import type { AnyJob, Farm } from '../core/index.ts';
import type { Service } from '@armoricore/shared/kernel';

/** The consumer group of all jobs processes: each trigger event reaches one of them. */
const GROUP = 'jobs';

/** Turns the trigger events of the bus into jobs. A job's id is its event's id, so an event that comes again changes nothing. */
export function createTriggerBridge({ bus, farm, jobs }: { bus: Bus; farm: Farm; jobs: readonly AnyJob[] }): Service {
  let subscription: Subscription | undefined;
  return {
    name: 'triggers',
    async start() {
      subscription = await bus.subscribe({
        group: GROUP,
        types: [...new Set(jobs.map((job) => job.contract.trigger))],
        async handler(event) {
          for (const { contract } of jobs) {
            if (contract.trigger === event.event_type) await farm.enqueue(contract, event.payload, event.event_id);
          }
        },
      });
    },
    stop: () => subscription?.stop(),
  };
}
