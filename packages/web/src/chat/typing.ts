/** The server lets it end after 5 s: said again before that. */
const AGAIN_MS = 3_000;
/** Who rests so long does not type, in ms. */
const IDLE_MS = 4_000;

/** Says that this user types, and when that is over. */
export class TypingSignal {
  readonly #say: (event: 'typing:start' | 'typing:stop') => void;
  #saidAt: number | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(say: (event: 'typing:start' | 'typing:stop') => void) {
    this.#say = say;
  }

  /** A key was pressed. @param now in ms */
  typed(now: number): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    if (this.#saidAt !== null && now - this.#saidAt < AGAIN_MS) return;
    this.#saidAt = now;
    this.#say('typing:start');
  }

  /** Nothing is typed any more. Says so once. */
  stop(): void {
    clearTimeout(this.#idle);
    if (this.#saidAt !== null) this.#say('typing:stop');
    this.#saidAt = null;
  }

  /** The message was sent: the server knows that it is over. */
  sent(): void {
    clearTimeout(this.#idle);
    this.#saidAt = null;
  }
}
