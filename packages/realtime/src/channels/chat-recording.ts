import type { ChatFeeds, Told } from '../domain/chat-feed.ts';

/** Events that one joiner may miss; whoever misses more joins again. */
const MOST = 1_000;

/**
 * What is told in a conversation while somebody joins it. Recording begins before the snapshot of the join reply is read and
 * ends when the channel is subscribed: together they have everything, and the client gets no message twice.
 */
export class Recording {
  readonly #open: ReturnType<ChatFeeds['open']>;
  readonly #stopListening: () => void;
  readonly #told: Told[] = [];
  #overflowed = false;
  readonly #event: string;
  #latest = 0;

  /** @param signal aborts when the joiner is gone @param event tells of a new message */
  constructor(open: ReturnType<ChatFeeds['open']>, signal: AbortSignal, event = 'message:new') {
    this.#open = open;
    this.#event = event;
    this.#stopListening = open.feed.listen((told) => {
      if (this.#told.length < MOST) this.#told.push(told);
      else this.#overflowed = true;
    });
    signal.addEventListener('abort', () => this.stop(), { once: true });
    if (signal.aborted) this.stop();
  }

  /** The snapshot has all messages up to `latest`: waits until this node has told of all of them, too. @throws AppError `unavailable` */
  async reach(latest: number): Promise<void> {
    this.#latest = latest;
    this.#open.feed.begin(latest);
    await this.#open.feed.reach(latest);
  }

  /** Ends it. What the snapshot may lack, in order; null when that was too much. */
  stop(): Told[] | null {
    this.#stopListening();
    this.#open.close();
    return this.#overflowed ? null : this.#told.splice(0).filter((told) => !this.#isInSnapshot(told));
  }

  #isInSnapshot({ event, payload }: Told): boolean {
    return event === this.#event && (payload as { seq: number }).seq <= this.#latest;
  }
}
