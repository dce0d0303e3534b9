import type { CommentView } from '../contracts/comments.ts';
import type { Told } from './chat-feed.ts';
import type { MissedComment } from './comments.ts';

/** Comments of one frame. A window that has more makes several: each stays far below what may wait for a client. */
const MOST = 250;

/** The new comment that is told, if it is one that clients shall see. */
export function newCommentIn({ event, payload }: Told): CommentView | null {
  if (event !== 'comment:new') return null;
  return (payload as MissedComment).deleted === true ? null : (payload as CommentView);
}

/** Collects the comments of one stream, in order, and hands them on together: a while after the first of them came. */
export class CommentWindow {
  readonly #ms: number;
  readonly #hand: (comments: CommentView[]) => void;
  #comments: CommentView[] = [];
  #timer: NodeJS.Timeout | null = null;
  #waiters: (() => void)[] = [];

  /** @param ms how long a window lasts @param hand told of its comments, at most 250 at a time */
  constructor(ms: number, hand: (comments: CommentView[]) => void) {
    this.#ms = ms;
    this.#hand = hand;
  }

  /** Something was told in the stream. What is deleted before the window ends was never there. */
  take(told: Told): void {
    const comment = newCommentIn(told);
    if (comment !== null) {
      this.#comments.push(comment);
      this.#timer ??= setTimeout(() => this.#end(), this.#ms);
    } else if (told.event === 'comment:deleted') {
      const { comment_id } = told.payload as { comment_id: string };
      this.#comments = this.#comments.filter(({ id }) => id !== comment_id);
    }
  }

  /**
   * Resolves at the end of the window that is open, in the same turn; at once when none is. Who begins to listen in that turn
   * gets no comment that was handed on before, and misses none.
   */
  end(): Promise<void> | undefined {
    if (this.#timer === null) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Hands on nothing more. */
  close(): void {
    this.#comments = [];
    this.#end();
  }

  #end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const comments = this.#comments;
    const waiters = this.#waiters;
    this.#comments = [];
    this.#waiters = [];
    for (let i = 0; i < comments.length; i += MOST) this.#hand(comments.slice(i, i + MOST));
    for (const resolve of waiters) resolve();
  }
}
