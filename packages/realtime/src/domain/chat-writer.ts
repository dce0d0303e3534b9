import { AppError, describeError, type Log } from '@armoricore/shared/kernel';
import type { NewMessage, SendPayload } from '../contracts/chat.ts';

/** A message on its way into a conversation. */
export interface Draft extends Omit<SendPayload, 'conversationId'> {
  conversationId: string;
  senderId: string;
}

/** Where messages are appended. */
export interface ChatLog {
  /**
   * Appends drafts in their order, all in one transaction that also publishes `chat.message` for each new one. For a draft
   * that is refused its error stands in the place of its message. What was sent before comes back as it was.
   * @throws AppError `unavailable`, when it is not known whether they were appended; anything else when none was
   */
  append(drafts: readonly Draft[]): Promise<(NewMessage | AppError)[]>;
}

interface Waiting {
  draft: Draft;
  resolve: (message: NewMessage) => void;
  reject: (error: unknown) => void;
}

export interface ChatWriter {
  /** Resolves when the message is durable. @throws AppError `not_found`, `invalid_payload`, `unavailable`, `overloaded` */
  send(draft: Draft): Promise<NewMessage>;
}

export interface ChatWriterOptions {
  log: ChatLog;
  /** Tells of a message. It may have been told of before: feeds drop what they have handed on. */
  announce: (message: NewMessage) => void;
  logger: Log;
  /** Messages of one transaction, at most. */
  batchSize?: number;
}

/** Messages that may wait for the database. */
const MOST_WAITING = 10_000;

/**
 * Appends what comes within a turn of the event loop, or while the last transaction is under way, in one transaction: the
 * slower the database, the larger the batches. One at a time, so messages are told of in the order of their commits.
 */
export function createChatWriter({ log, announce, logger, batchSize = 200 }: ChatWriterOptions): ChatWriter {
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      await write(batch);
    }
    running = false;
  }

  /** Settles every one of them. */
  async function write(batch: readonly Waiting[]): Promise<void> {
    let outcomes: (NewMessage | AppError)[];
    try {
      outcomes = await log.append(batch.map(({ draft }) => draft));
    } catch (error) {
      return refuse(batch, error);
    }
    for (const [i, outcome] of outcomes.entries()) settle(batch[i]!, outcome);
  }

  async function refuse(batch: readonly Waiting[], error: unknown): Promise<void> {
    const retryable = error instanceof AppError && error.retryable;
    if (!retryable && batch.length > 1) {
      // One of them is to blame: the others must not suffer for it.
      for (const one of batch) await write([one]);
      return;
    }
    if (!(error instanceof AppError)) logger.error({ reason: describeError(error), err: error }, 'a message could not be appended');
    for (const { reject } of batch) reject(error instanceof AppError ? error : new AppError('internal', {}, { cause: error }));
  }

  function settle({ resolve, reject }: Waiting, outcome: NewMessage | AppError): void {
    if (outcome instanceof AppError) return reject(outcome);
    try {
      announce(outcome);
    } catch (error) {
      // It is durable: members get it with the next message or join.
      logger.error({ reason: describeError(error), err: error }, 'a message could not be told of');
    }
    return resolve(outcome);
  }

  return {
    send(draft) {
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
