import { QUEUES, type ObserveJobs } from '../jobs/index.ts';
import type { QueueStore } from '../queues/index.ts';
import type { Metrics } from './metrics.ts';

/** From a push that leaves at once to hours of video, in s. */
const BUCKETS_S = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400];

/** Counts and times the tries of jobs. */
export function observeJobs(metrics: Metrics): ObserveJobs {
  const labels = ['queue', 'job', 'outcome'] as const;
  const count = metrics.counter({ name: 'job_tries_total', help: 'Tries of jobs by how they ended.', labels });
  const time = metrics.histogram({ name: 'job_try_seconds', help: 'How long tries of jobs ran.', labels, buckets: BUCKETS_S });
  return ({ queue, job, outcome, ms }) => {
    count({ queue, job, outcome });
    time({ queue, job, outcome }, ms / 1000);
  };
}

/** Shows how many jobs each queue holds in which state, and for how long the next one has waited. */
export function watchQueues(metrics: Metrics, open: () => Promise<QueueStore>): void {
  metrics.gauge({
    name: 'queue_jobs',
    help: 'Jobs of a queue by state.',
    labels: ['queue', 'state'],
    async read() {
      const store = await open();
      const found = await Promise.all(QUEUES.map(async (queue) => ({ queue, counts: await store.counts(queue) })));
      return found.flatMap(({ queue, counts }) => Object.entries(counts).map(([state, value]) => ({ labels: { queue, state }, value })));
    },
  });
  metrics.gauge({
    name: 'queue_oldest_waiting_seconds',
    help: 'Age of the job that a queue takes next; 0 when none waits.',
    labels: ['queue'],
    async read() {
      const store = await open();
      return Promise.all(QUEUES.map(async (queue) => ({ labels: { queue }, value: ((await store.oldestWaitingMs(queue)) ?? 0) / 1000 })));
    },
  });
}
