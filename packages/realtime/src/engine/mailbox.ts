/** A piece of work of one channel. */
export type Task = () => unknown;

/**
 * Runs tasks one at a time and in order, as a GenServer handles its messages. A task that returns no promise is done
 * when it returns: synchronous channels never wait. At most `limit` tasks wait.
 */
export class Mailbox {
  readonly #waiting: Task[] = [];
  readonly #limit: number;
  readonly #onThrow: (thrown: unknown) => void;
  readonly #onOverflow: () => void;
  #busy = false;
  #closed = false;

  constructor(limit: number, onThrow: (thrown: unknown) => void, onOverflow: () => void) {
    this.#limit = limit;
    this.#onThrow = onThrow;
    this.#onOverflow = onOverflow;
  }

  post(task: Task): void {
    if (this.#closed) return;
    if (!this.#busy) {
      this.#run(task);
    } else if (this.#waiting.length < this.#limit) {
      this.#waiting.push(task);
    } else {
      this.#onOverflow();
    }
  }

  /** Forgets what waits and takes nothing more. A running task goes on. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #run(first: Task): void {
    this.#busy = true;
    let task: Task | undefined = first;
    while (task !== undefined) {
      try {
        const result = task();
        if (result instanceof Promise) {
          void result.catch(this.#onThrow).then(() => this.#next());
          return;
        }
      } catch (thrown) {
        this.#onThrow(thrown);
      }
      task = this.#waiting.shift();
    }
    this.#busy = false;
  }

  #next(): void {
    this.#busy = false;
    const task = this.#waiting.shift();
    if (task !== undefined) this.#run(task);
  }
}
