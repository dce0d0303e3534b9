import type { Log } from '@armoricore/shared/kernel';
import type { NewMessage, SendPayload } from '../contracts/chat.ts';
import { createBatchWriter, type AppendLog } from './batch-writer.ts';

/** A message on its way into a conversation. */
export interface Draft extends Omit<SendPayload, 'conversationId'> {
  conversationId: string;
  senderId: string;
}

/** Where messages are appended, and `chat.message` is published for each new one. What was sent before comes back as it was. */
export type ChatLog = AppendLog<Draft, NewMessage>;

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

/** Appends messages in batches, and tells of each in the order of the commits. */
export function createChatWriter(options: ChatWriterOptions): ChatWriter {
  const { write } = createBatchWriter({ ...options, what: 'a message' });
  return { send: write };
}
