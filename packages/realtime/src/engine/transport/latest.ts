import type { Frame } from '../message.ts';

/**
 * Volatile frames that wait for a slow reader: the latest of each topic and event, those that changed last at the end. Their
 * number is bounded by what contracts declare and by how many topics a connection may join.
 */
export class Latest {
  readonly #frames = new Map<string, Frame>();

  /** Whether it took the place of an older one. */
  put(key: string, frame: Frame): boolean {
    const replaces = this.#frames.delete(key);
    this.#frames.set(key, frame);
    return replaces;
  }

  forget(topic: string): void {
    const start = `[${JSON.stringify(topic)},`; // As `volatileKey` begins.
    for (const key of this.#frames.keys()) if (key.startsWith(start)) this.#frames.delete(key);
  }

  frames(): Iterable<Frame> {
    return this.#frames.values();
  }
}
