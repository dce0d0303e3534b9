import type { CommentView } from '../contracts/comments.ts';
import type { AppendLog } from './batch-writer.ts';

/** A comment on its way into a stream. */
export interface CommentDraft {
  streamId: string;
  userId: string;
  content: string;
  clientCommentId: string | null;
  /** Slow mode does not hold for the author. */
  exempt: boolean;
}

/**
 * Where comments are appended. What was sent before under the same `clientCommentId` comes back as it was.
 * A draft may be refused: `rate_limited` by slow mode, `message_deleted` when it is one that was deleted since.
 */
export type CommentsLog = AppendLog<CommentDraft, CommentView>;
