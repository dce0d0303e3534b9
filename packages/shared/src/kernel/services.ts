import { describeError } from './errors.ts';
import type { Log } from './log.ts';

/** One part of a process. `ready` resolves when the part can serve and rejects with the reason when it cannot. */
export interface Service {
  name: string;
  start?(): Promise<void> | void;
  ready?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}

export interface RunningServices {
  /** Stops the services in reverse order, once; resolves with the names of those that failed or ran out of time. */
  stop(): Promise<string[]>;
}

export interface ServiceOptions {
  log: Log;
  /** How long each service may take to stop, in ms. */
  stopDeadlineMs?: number;
}

/**
 * Starts services in order. When one fails, those already started are stopped in reverse and the error is thrown.
 */
export async function startServices(services: readonly Service[], options: ServiceOptions): Promise<RunningServices> {
  const { log, stopDeadlineMs = 10_000 } = options;
  const started: Service[] = [];
  let stopping: Promise<string[]> | undefined;

  async function stopAll(): Promise<string[]> {
    const failed: string[] = [];
    for (const service of started.reverse()) {
      try {
        await withDeadline(service.stop?.(), stopDeadlineMs, `${service.name} did not stop within ${stopDeadlineMs} ms`);
        log.debug({ part: service.name }, 'stopped');
      } catch (error) {
        failed.push(service.name);
        log.error({ part: service.name, reason: describeError(error) }, 'stop failed');
      }
    }
    return failed;
  }

  for (const service of services) {
    try {
      await service.start?.();
      started.push(service);
      log.debug({ part: service.name }, 'started');
    } catch (error) {
      await stopAll();
      throw new Error(`${service.name} did not start`, { cause: error });
    }
  }
  return { stop: () => (stopping ??= stopAll()) };
}

/** Settles as `work` does, or rejects with `message` after `ms`. The work itself goes on. */
export async function withDeadline<T>(work: Promise<T> | T, ms: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
