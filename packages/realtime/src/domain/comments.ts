import { AppError } from '@armoricore/shared/kernel';
import { hasRole, type Identity } from '../auth/identity.ts';
import { COMMENTS_PAGE, streamId as streamIdSchema, type CommentsJoinReply, type CommentView } from '../contracts/comments.ts';
import { actorIn, type Actor } from './audit.ts';
import type { BatchWriter } from './batch-writer.ts';
import { shareRuns } from './comments-snapshots.ts';
import type { CommentDraft } from './comments-writer.ts';

/** A comment that a node did not hear of in time. Of a `deleted` one nothing but its number counts. */
export type MissedComment = CommentView & { deleted?: true };

/** Somebody acts on a stream. */
export interface StreamAct extends Actor {
  streamId: string;
}

/** Where streams and comments are kept. Every change is durable when it resolves, and every privileged one written down. */
export interface CommentsRepository {
  /** A stream that nobody has commented yet is as new. */
  position(streamId: string): Promise<{ latest: number; slowMode: number; pinnedId: string | null }>;
  /** Null for a deleted comment, too. */
  find(streamId: string, commentId: string): Promise<CommentView | null>;
  /** The number of a comment, also of a deleted one; null when there is none. */
  seqOf(streamId: string, commentId: string): Promise<number | null>;
  /** The newest `limit` with a lower number, oldest first. */
  page(streamId: string, span: { before: number; limit: number }): Promise<CommentView[]>;
  /** The next comments after one, oldest first, deleted ones included. */
  readAfter(streamId: string, seq: number): Promise<MissedComment[]>;
  /** The newest comment of each stream. */
  latestOf(streamIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Null when it was deleted before. @throws AppError `not_found`, `forbidden` */
  remove(act: StreamAct & { commentId: string }, rights: { mayAny: boolean }): Promise<{ seq: number; unpinned: boolean } | null>;
  /** False when it was so before. @throws AppError `not_found` */
  pin(act: StreamAct & { commentId: string | null }): Promise<boolean>;
  /** False when it was so before. */
  slowDown(act: StreamAct & { seconds: number }): Promise<boolean>;
}

export type CommentsService = ReturnType<typeof createCommentsService>;

/** The rules of comments: what joiners see, who may change what. Whoever has a token may join, read and write. */
export function createCommentsService({ repository, writer }: { repository: CommentsRepository; writer: BatchWriter<CommentDraft, CommentView> }) {
  const snapshot = shareRuns(async (streamId: string): Promise<Omit<CommentsJoinReply, 'viewers'> & { latest: number }> => {
    const { latest, slowMode, pinnedId } = await repository.position(streamId);
    const [comments, pinned] = await Promise.all([
      latest === 0 ? [] : repository.page(streamId, { before: latest + 1, limit: COMMENTS_PAGE }),
      pinnedId === null ? null : repository.find(streamId, pinnedId),
    ]);
    return { comments, pinned, slow_mode: slowMode, latest };
  });

  return {
    /** What a joiner is told first, and the newest comment that it tells of. @throws AppError `not_found` for what cannot be a stream */
    async snapshot(streamId: string) {
      if (!streamIdSchema.safeParse(streamId).success) throw new AppError('not_found');
      return snapshot(streamId);
    },

    /** The comments before one, oldest first; an empty page is the beginning. @throws AppError `not_found` */
    async history(streamId: string, { before, limit }: { before?: string | undefined; limit: number }): Promise<CommentView[]> {
      const seq = before === undefined ? Number.MAX_SAFE_INTEGER : await repository.seqOf(streamId, before);
      if (seq === null) throw new AppError('not_found');
      return repository.page(streamId, { before: seq, limit });
    },

    /** Resolves when the comment is durable and was told. @throws AppError `rate_limited` by slow mode, `message_deleted`, `overloaded` */
    send: (draft: Omit<CommentDraft, 'userId' | 'exempt'>, identity: Identity): Promise<CommentView> =>
      writer.write({ ...draft, userId: identity.userId, exempt: isModerator(identity) }),

    /** By the author or a moderator. */
    remove: (streamId: string, commentId: string, identity: Identity) =>
      repository.remove({ streamId, commentId, ...actorIn(identity) }, { mayAny: isModerator(identity) }),

    /** By a moderator; null for none. What is pinned now, undefined when it was so before. */
    async pin(streamId: string, commentId: string | null, identity: Identity): Promise<CommentView | null | undefined> {
      assertModerator(identity);
      if (!(await repository.pin({ streamId, commentId, ...actorIn(identity) }))) return undefined;
      return commentId === null ? null : repository.find(streamId, commentId);
    },

    /** By a moderator. False when it was so before. */
    async slowDown(streamId: string, seconds: number, identity: Identity): Promise<boolean> {
      assertModerator(identity);
      return repository.slowDown({ streamId, seconds, ...actorIn(identity) });
    },
  };
}

/** Who keeps order: a role of the token. Streams have no owners here; a backend names one by the role in his token. */
function isModerator(identity: Identity): boolean {
  return hasRole(identity, 'moderator') || hasRole(identity, 'admin') || hasRole(identity, 'service');
}

function assertModerator(identity: Identity): void {
  if (!isModerator(identity)) throw new AppError('forbidden');
}
