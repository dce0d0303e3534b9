import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** A batch smaller than this waits for company, so long in ms. */
const ENOUGH = 16;
const GATHER_MS = 2;

export interface BatcherOptions {
  /** Items of a batch, at most. */
  max: number;
  /** Batches under way at once, at most. */
  parallel: number;
}

/**
 * Collects what comes within some milliseconds, or while earlier batches are being worked on, and hands it to `work`
 * together: the slower the work, the larger its batches.
 * @param work must settle every item by itself and not reject
 */
export function createBatcher<T>({ max, parallel }: BatcherOptions, work: (batch: T[]) => Promise<void>): (item: T) => void {
  const waiting: T[] = [];
  let workers = 0;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      await (waiting.length < ENOUGH ? sleep(GATHER_MS) : turn());
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
