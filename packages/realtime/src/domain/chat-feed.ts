import { AppError } from '@armoricore/shared/kernel';

/** What is told to the members of a conversation, as it travels between nodes. */
export interface Told {
  readonly topic: string;
  readonly event: string;
  readonly payload: object;
  readonly except?: string;
}

/** Messages after a `seq`, oldest first; not necessarily all. */
export type ReadAfter = (seq: number) => Promise<readonly { readonly seq: number }[]>;

/** A missing message may still be on its way from another node for this long, in ms; then it is read from the database. */
const PATIENCE_MS = 100;
/** Between tries to read, when the database is away. */
const READ_AGAIN_MS = 500;
/** What may be held back. What is more is read from the database, too. */
const MOST_HELD = 1_000;
/** How long a joiner waits for the messages that the database has and nobody told of yet, in ms. */
const REACH_WITHIN_MS = 5_000;

/**
 * The sequencer of a conversation on one node: takes what nodes tell in whatever order it comes, even twice or not at all,
 * and hands on every message once and in the order of `seq`. What is about a message never goes before it.
 */
export class ConversationFeed {
  readonly #topic: string;
  readonly #event: string;
  readonly #readAfter: ReadAfter;
  readonly #onError: (thrown: unknown) => void;
  readonly #listeners = new Set<(told: Told) => void>();
  /** The last message handed on; null before the first reader of the conversation knows. */
  #position: number | null = null;
  /** The newest message that is known to exist. */
  #newest = 0;
  readonly #early = new Map<number, Told>();
  #held: Told[] = [];
  #waiters: { seq: number; resolve: () => void }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param event tells of a new message; everything else that has a `seq` is about one */
  constructor({ topic, event = 'message:new', readAfter, onError }: { topic: string; event?: string; readAfter: ReadAfter; onError: (thrown: unknown) => void }) {
    this.#topic = topic;
    this.#event = event;
    this.#readAfter = readAfter;
    this.#onError = onError;
  }

  /** Hears all that is handed on from now on. Returns what ends it. */
  listen(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something was told by a node. */
  take(told: Told): void {
    const seq = seqOf(told);
    if (seq === null) return this.#hand(told);
    if (told.event !== this.#event) return this.#takeAbout(told, seq);
    this.#newest = Math.max(this.#newest, seq);
    if (this.#position === null || seq > this.#position + 1) {
      if (this.#early.size < MOST_HELD) this.#early.set(seq, told);
      this.#expectMissing();
    } else if (seq === this.#position + 1) {
      this.#advance(told, seq);
    }
    return undefined;
  }

  /** A reader found that `latest` is the newest message. The first to say so sets where the feed begins. */
  begin(latest: number): void {
    if (this.#position !== null) return;
    this.#position = latest;
    for (const seq of this.#early.keys()) if (seq <= latest) this.#early.delete(seq);
    this.#goOn();
    this.#expectMissing();
  }

  /** The message `latest` exists, whether or not a node tells of it. */
  expect(latest: number): void {
    this.#newest = Math.max(this.#newest, latest);
    this.#expectMissing();
  }

  /** Resolves when all up to `seq` was handed on. @throws AppError `unavailable` when that takes too long */
  reach(seq: number): Promise<void> {
    if (this.#position !== null && this.#position >= seq) return Promise.resolve();
    this.expect(seq);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        reject(new AppError('unavailable', { service: 'database' }));
      }, REACH_WITHIN_MS);
      const waiter = {
        seq,
        resolve: () => {
          clearTimeout(late);
          resolve();
        },
      };
      this.#waiters.push(waiter);
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #takeAbout(told: Told, seq: number): void {
    if ((this.#position !== null && seq <= this.#position) || this.#held.length >= MOST_HELD) return this.#hand(told);
    this.#newest = Math.max(this.#newest, seq);
    this.#held.push(told);
    this.#expectMissing();
    return undefined;
  }

  #advance(told: Told, seq: number): void {
    this.#position = seq;
    this.#hand(told);
    if (this.#early.size + this.#held.length + this.#waiters.length > 0) this.#goOn();
  }

  /** Hands on what the position now allows. */
  #goOn(): void {
    for (;;) {
      const position = this.#position!;
      const due = this.#held.filter((told) => seqOf(told)! <= position);
      if (due.length > 0) this.#held = this.#held.filter((told) => seqOf(told)! > position);
      for (const told of due) this.#hand(told);
      const next = this.#early.get(position + 1);
      if (next === undefined) break;
      this.#early.delete(position + 1);
      this.#position = position + 1;
      this.#hand(next);
    }
    const reached = this.#waiters.filter(({ seq }) => seq <= this.#position!);
    this.#waiters = this.#waiters.filter(({ seq }) => seq > this.#position!);
    for (const { resolve } of reached) resolve();
  }

  #hand(told: Told): void {
    for (const listener of this.#listeners) listener(told);
  }

  /** What was told is durable before it is told: what the database does not have is no message of ours. */
  #forgetMissing(): void {
    this.#newest = this.#position!;
    this.#early.clear();
    const held = this.#held;
    this.#held = [];
    for (const told of held) this.#hand(told);
  }

  #expectMissing(ms = PATIENCE_MS): void {
    if (this.#timer !== null || this.#closed || this.#position === null || this.#newest <= this.#position) return;
    this.#timer = setTimeout(() => void this.#readMissing(), ms);
  }

  /** Owns its failures: they are reported, and it tries again. */
  async #readMissing(): Promise<void> {
    let failed = false;
    try {
      if (this.#newest > this.#position!) {
        const found = await this.#readAfter(this.#position!);
        if (this.#closed) return;
        for (const message of found) this.take({ topic: this.#topic, event: this.#event, payload: message });
        if (found.length === 0) this.#forgetMissing();
      }
    } catch (thrown) {
      failed = true;
      this.#onError(thrown);
    }
    this.#timer = null;
    this.#expectMissing(failed ? READ_AGAIN_MS : PATIENCE_MS);
  }
}

/** The number of the message that something is, or is about; null for the rest. */
function seqOf({ payload }: Told): number | null {
  const { seq } = payload as { seq?: unknown };
  return typeof seq === 'number' ? seq : null;
}

/** Opens the feeds of conversations on this node. */
export interface ChatFeeds {
  open(conversationId: string): { feed: ConversationFeed; close(): void };
}
