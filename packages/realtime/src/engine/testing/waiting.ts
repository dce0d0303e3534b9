import { clearTimeout, setTimeout } from 'node:timers';

/** How long a test waits for something that does not come, in ms. */
const PATIENCE_MS = 2_000;

/**
 * Promises of things that are to come, each with a bound. The timers are those of `node:timers`: a test's fake clock does
 * not stop them.
 */
export class Waiting<T> {
  readonly #waiters = new Set<{ wants: (arrived: T) => boolean; resolve: (arrived: T) => void; reject: (error: Error) => void }>();

  /**
   * The next arrival that is wanted.
   * @param complaint says what is missing, when nothing came in time
   */
  next(wants: (arrived: T) => boolean, complaint: () => string): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter = {
        wants,
        resolve: (arrived: T) => (settled(), resolve(arrived)),
        reject: (error: Error) => (settled(), reject(error)),
      };
      const timer = setTimeout(() => waiter.reject(new Error(`${complaint()} (waited ${PATIENCE_MS} ms)`)), PATIENCE_MS);
      this.#waiters.add(waiter);
    });
    // The test may have failed before it awaits this one: that failure is the one to show.
    promise.catch(() => undefined);
    return promise;
  }

  /** Hands an arrival to the first who wants it. False when nobody does. */
  arrived(value: T): boolean {
    const waiter = [...this.#waiters].find(({ wants }) => wants(value));
    waiter?.resolve(value);
    return waiter !== undefined;
  }

  /** Nothing will come any more. */
  fail(error: Error): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}
