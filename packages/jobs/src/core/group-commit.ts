import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

export interface BatcherOptions {
  /** Items of a batch, at most. */
  max: number;
  /** A batch of so many is worth its while; a smaller one waits for company. */
  enough: number;
  /** How long it waits, in ms. */
  gatherMs: number;
  /** Batches under way at once, at most. */
  parallel: number;
}

/**
 * Collects what comes within some milliseconds, or while earlier batches are being worked on, and hands it to `work`
 * together: the slower the work, the larger its batches.
 * @param work must settle every item by itself and not reject
 */
export function createBatcher<T>({ max, enough, gatherMs, parallel }: BatcherOptions, work: (batch: T[]) => Promise<void>): (item: T) => void {
  const waiting: T[] = [];
  let workers = 0;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      await (waiting.length < enough ? sleep(gatherMs) : turn());
      if (waiting.length > 0) await work(waiting.splice(0, max));
    }
    workers -= 1;
  }

  return (item) => {
    waiting.push(item);
    if (workers > 0 && (workers === parallel || waiting.length < max)) return;
    workers += 1;
    void drain();
  };
}
