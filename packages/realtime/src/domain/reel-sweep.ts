import { describeError, type Log, type Service } from '@armoricore/shared/kernel';

export interface ReelSweepOptions {
  /** Removes a batch of what is old; answers whether there may be more. */
  prune: () => Promise<boolean>;
  log: Log;
  intervalMs?: number;
}

const INTERVAL_MS = 60_000;

/** Removes, now and then, updates and names of interactions that are older than they are kept, a batch at a time. */
export function createReelSweep({ prune, log, intervalMs = INTERVAL_MS }: ReelSweepOptions): Service {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  async function sweep(): Promise<void> {
    try {
      let more = true;
      while (more && !stopped) more = await prune();
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'old updates of reels could not be removed');
    }
    if (!stopped) schedule();
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = sweep();
    }, intervalMs);
  }

  return {
    name: 'reel sweep',
    start: schedule,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
