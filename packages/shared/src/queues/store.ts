import { Queue, Worker, type BackendFactory, type ConnectionOptions, type JobType } from 'bullmq';
import { QUEUES, type QueueName } from '../jobs/index.ts';
import { describeError, type Log } from '../kernel/index.ts';
import { COUNTED_STATES, type JobCounts, type JobQueue, type JobWorker, type QueueStore } from './port.ts';
import { FINISHED, trimFinished, type Retention } from './retention.ts';

/** Entries of the stream of queue events. */
const MAX_EVENTS = 1_000;
/** A worker whose service was away looks again after this, in ms. */
const RETRY_MS = 1_000;

/** Where the PostgreSQL backend, and it alone, counts the waiting jobs of a paused queue; BullMQ's types do not name it. */
const PAUSED = 'paused' as JobType;

interface Connected {
  connection: ConnectionOptions;
  prefix?: string;
}

/** What an adapter brings to a store: the connections. */
export interface Backend {
  name: QueueStore['backend'];
  /** For queues: answers or fails within seconds. */
  forQueues(): Connected;
  /** For workers: waits for its service as long as it takes. */
  forWorkers(): Connected;
  /** BullMQ's own default when undefined. */
  factory?: BackendFactory | undefined;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A store over the connections of `backend`. Resolves when every queue can be used. */
export async function createStore(backend: Backend, log: Log): Promise<QueueStore> {
  const onError = reportOnce(log);
  const retentions: Retention[] = [];
  const queues = new Map(QUEUES.map((name) => [name, openQueue(name)]));

  function openQueue(name: QueueName): JobQueue {
    const defaultJobOptions = { backoff: { type: 'contract' } };
    const options = { ...backend.forQueues(), defaultJobOptions, streams: { events: { maxLen: MAX_EVENTS } } };
    return new Queue(name, options, backend.factory as undefined).on('error', onError);
  }

  function queue(name: QueueName): JobQueue {
    const found = queues.get(name);
    if (found === undefined) throw new RangeError(`there is no queue ${name}, but ${QUEUES.join(', ')}`);
    return found;
  }

  async function close(): Promise<void> {
    await Promise.all(retentions.map((retention) => retention.stop()));
    await Promise.all([...queues.values()].map((open) => open.close()));
    await backend.close();
  }

  try {
    await Promise.all([...queues.values()].map((open) => open.waitUntilReady()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    backend: backend.name,
    queue,
    worker(name, process, { concurrency, perSecond, lockMs, backoff }): JobWorker {
      const options = {
        ...backend.forWorkers(),
        concurrency,
        lockDuration: lockMs,
        stalledInterval: Math.ceil(lockMs / 3),
        // The farm counts for itself, so that a job that kills its workers ends as any other does.
        maxStalledCount: 2 ** 31 - 1,
        runRetryDelay: RETRY_MS,
        ...(perSecond === undefined ? {} : { limiter: { max: perSecond, duration: 1_000 } }),
        settings: { backoffStrategy: (tries: number, _type?: string, _error?: Error, job?: { name?: string }) => backoff(tries, job?.name ?? '') },
      };
      const worker: JobWorker = new Worker(name, process, options, backend.factory as undefined).on('error', onError);
      retentions.push(...FINISHED.map((state) => trimFinished(queue(name), worker, state, log)));
      return worker;
    },
    async counts(name) {
      const found = await queue(name).getJobCounts(...COUNTED_STATES, 'prioritized', PAUSED);
      const counts = Object.fromEntries(COUNTED_STATES.map((state) => [state, found[state] ?? 0])) as JobCounts;
      counts.waiting += (found['prioritized'] ?? 0) + (found[PAUSED] ?? 0);
      return counts;
    },
    async oldestWaitingMs(name) {
      const [oldest] = await queue(name).getWaiting(0, 0);
      return oldest === undefined ? null : Math.max(0, Date.now() - oldest.timestamp);
    },
    ping: () => backend.ping(),
    close,
  };
}

/** Queues that share a connection all tell of the same error. */
function reportOnce(log: Log): (error: Error) => void {
  const seen = new WeakSet<Error>();
  return (error) => {
    if (seen.has(error)) return;
    seen.add(error);
    log.warn({ reason: describeError(error) }, 'queue error');
  };
}
