import { AppError } from '../../kernel/index.ts';
import { unavailable } from '../unavailable.ts';

/** What a server says that cannot serve now. In a script's error the code stands somewhere within. */
const UNAVAILABLE =
  /\b(LOADING|BUSY|MASTERDOWN|READONLY|OOM|MISCONF|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM)\b|max number of clients/;

/**
 * Tells a Redis that does not answer, or cannot serve now (AppError `unavailable`), from one that refuses. What the server
 * said is a ReplyError; any other failure of a command came from the way there.
 */
export function toBusError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  return isReply(error) && !UNAVAILABLE.test(error.message) ? error : unavailable(error);
}

/** The server has no such consumer group: it, or the stream, was removed. */
export function isUnknownGroup(error: unknown): boolean {
  return isReply(error) && error.message.includes('NOGROUP');
}

export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('NOSCRIPT');
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
