/** A piece of work of one channel. */
export type Task = () => unknown;

export interface MailboxOwner {
  /** Tasks that may wait. */
  readonly mailboxLimit: number;
  /** A task threw, or its promise rejected. */
  threw(thrown: unknown): void;
  /** A task came on top of `mailboxLimit` and was dropped. */
  flooded(): void;
}

/**
 * Runs tasks one at a time and in order, as a GenServer handles its messages. A task that returns no promise is done
 * when it returns: synchronous channels never wait, and own no queue.
 */
export class Mailbox {
  readonly #owner: MailboxOwner;
  #waiting: Task[] | null = null;
  #busy = false;
  #closed = false;

  constructor(owner: MailboxOwner) {
    this.#owner = owner;
  }

  post(task: Task): void {
    if (this.#closed) return;
    if (!this.#busy) this.#run(task);
    else if (this.#waiting === null) this.#waiting = [task];
    else if (this.#waiting.length < this.#owner.mailboxLimit) this.#waiting.push(task);
    else this.#owner.flooded();
  }

  /** Forgets what waits and takes nothing more. A running task goes on. */
  close(): void {
    this.#closed = true;
    this.#waiting = null;
  }

  #run(first: Task): void {
    this.#busy = true;
    let task: Task | undefined = first;
    while (task !== undefined) {
      try {
        const result = task();
        if (result instanceof Promise) {
          void result.catch((thrown: unknown) => this.#owner.threw(thrown)).then(() => this.#resume());
          return;
        }
      } catch (thrown) {
        this.#owner.threw(thrown);
      }
      task = this.#next();
    }
    this.#busy = false;
  }

  #resume(): void {
    this.#busy = false;
    const task = this.#next();
    if (task !== undefined) this.#run(task);
  }

  #next(): Task | undefined {
    const task = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = null;
    return task;
  }
}
