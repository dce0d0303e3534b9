import { setImmediate as turn } from 'node:timers/promises';

export interface BatchOptions {
  /** Items of a batch, at most. */
  max: number;
  /** A batch of so many is worth its while; a smaller one waits for company, until there are so many. Default 1. */
  enough?: number;
  /** How long it waits at most, in ms. */
  gatherMs?: number;
  /** Batches under way at once, at most; default 1. A further one begins when enough are waiting for it. */
  parallel?: number;
}

interface Waiting<Item, Answer> extends PromiseWithResolvers<Answer> {
  item: Item;
}

/**
 * A function that does `work` for many callers together: for those of one turn of the event loop, of some milliseconds, or of
 * the time in which an earlier batch is worked on, so the slower the work, the larger its batches. Each caller gets its own
 * answer. When the work fails for several it is done for each of them alone, so that none fails for another's sake.
 * @param work answers in the order of the batch
 */
export function batched<Item, Answer>(options: BatchOptions, work: (batch: readonly Item[]) => Promise<readonly Answer[]>): (item: Item) => Promise<Answer> {
  const { max, enough = 1, gatherMs = 0, parallel = 1 } = options;
  const waiting: Waiting<Item, Answer>[] = [];
  let workers = 0;
  /** Ends the wait for company. */
  let endGathering: (() => void) | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0 && endGathering === undefined) {
      if (waiting.length < enough) await gather();
      if (waiting.length >= enough) await turn();
      if (waiting.length > 0) await settle(waiting.splice(0, max));
    }
    workers -= 1;
  }

  /** Until there are enough, and no longer than `gatherMs`. */
  async function gather(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, gatherMs);
    endGathering = resolve;
    await promise;
    endGathering = undefined;
    clearTimeout(timer);
  }

  async function settle(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await work(batch.map(({ item }) => item));
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i]!);
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const one of batch) void settle([one]);
    }
  }

  return (item) => {
    const one = { item, ...Promise.withResolvers<Answer>() };
    waiting.push(one);
    if (endGathering !== undefined) {
      if (waiting.length >= enough) endGathering();
    } else if (workers === 0 || (workers < parallel && waiting.length >= enough)) {
      workers += 1;
      void drain();
    }
    return one.promise;
  };
}
