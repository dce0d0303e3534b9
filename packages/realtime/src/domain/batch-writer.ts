import { AppError, describeError, type Log } from '@armoricore/shared/kernel';

/** Where what is written is appended. */
export interface AppendLog<Draft, Written> {
  /**
   * Appends drafts in their order, all in one transaction. For a draft that is refused its error stands in the place of what
   * was written.
   * @throws AppError `unavailable`, when it is not known whether they were appended; anything else when none was
   */
  append(drafts: readonly Draft[]): Promise<(Written | AppError)[]>;
}

export interface BatchWriterOptions<Draft, Written> {
  log: AppendLog<Draft, Written>;
  /** Tells of what was written. It may have been told of before. */
  announce: (written: Written) => void;
  /** What is written, for the log: `a message`. */
  what: string;
  logger: Log;
  /** Drafts of one transaction, at most. */
  batchSize?: number;
  /** Least time between the beginnings of two transactions that are not full, in ms: where small drafts come, fewer transactions. Default 0. */
  spacingMs?: number;
}

export interface BatchWriter<Draft, Written> {
  /** Resolves when it is durable. @throws AppError of the log, `overloaded` when too many wait */
  write(draft: Draft): Promise<Written>;
}

interface Waiting<Draft, Written> {
  draft: Draft;
  resolve: (written: Written) => void;
  reject: (error: unknown) => void;
}

/** Drafts that may wait for the database. */
const MOST_WAITING = 10_000;

/**
 * Appends what comes within a turn of the event loop, or while the last transaction is under way, in one transaction: the
 * slower the database, the larger the batches. One at a time, so it is told of in the order of the commits.
 */
export function createBatchWriter<Draft, Written extends object>(options: BatchWriterOptions<Draft, Written>): BatchWriter<Draft, Written> {
  const { log, announce, what, logger, batchSize = 200, spacingMs = 0 } = options;
  let waiting: Waiting<Draft, Written>[] = [];
  let running = false;
  let begun = -Infinity;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const early = begun + spacingMs - performance.now();
      if (early > 0 && waiting.length < batchSize) await new Promise((resolve) => setTimeout(resolve, early));
      begun = performance.now();
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      await append(batch);
    }
    running = false;
  }

  /** Settles every one of them. */
  async function append(batch: readonly Waiting<Draft, Written>[]): Promise<void> {
    let outcomes: (Written | AppError)[];
    try {
      outcomes = await log.append(batch.map(({ draft }) => draft));
    } catch (error) {
      return refuse(batch, error);
    }
    for (const [i, outcome] of outcomes.entries()) settle(batch[i]!, outcome);
  }

  async function refuse(batch: readonly Waiting<Draft, Written>[], error: unknown): Promise<void> {
    const retryable = error instanceof AppError && error.retryable;
    if (!retryable && batch.length > 1) {
      // One of them is to blame: the others must not suffer for it.
      for (const one of batch) await append([one]);
      return;
    }
    if (!(error instanceof AppError)) logger.error({ reason: describeError(error), err: error }, `${what} could not be appended`);
    for (const { reject } of batch) reject(error instanceof AppError ? error : new AppError('internal', {}, { cause: error }));
  }

  function settle({ resolve, reject }: Waiting<Draft, Written>, outcome: Written | AppError): void {
    if (outcome instanceof AppError) return reject(outcome);
    try {
      announce(outcome);
    } catch (error) {
      // It is durable: clients get it with what is told next, or when they join.
      logger.error({ reason: describeError(error), err: error }, `${what} could not be told of`);
    }
    return resolve(outcome);
  }

  return {
    write(draft) {
      if (waiting.length >= MOST_WAITING) return Promise.reject(new AppError('overloaded'));
      return new Promise((resolve, reject) => {
        waiting.push({ draft, resolve, reject });
        if (running) return;
        running = true;
        setImmediate(() => void run());
      });
    },
  };
}
