import type { Frame } from '../message.ts';
import { wireLength, writeWire } from './frame.ts';

/**
 * Frames that leave in one write, as a chain: a frame behind the batch before it. Sockets that are sent the same frames
 * in the same order walk along the same chain, so the bytes of a burst of broadcasts are put together once for all of
 * them, and a recipient costs nothing but a step.
 */
export class Batch {
  readonly #before: Batch | null;
  readonly #frame: Frame;
  readonly #length: number;
  /** The batch with one frame more that was asked for last: most likely the one that the next socket asks for. */
  #next: Batch | null = null;
  #bytes: Buffer | null = null;

  constructor(frame: Frame, before: Batch | null = null) {
    this.#frame = frame;
    this.#before = before;
    this.#length = wireLength(frame) + (before === null ? 0 : before.#length);
  }

  /** Whether it is this one frame and nothing else. */
  is(frame: Frame): boolean {
    return this.#frame === frame && this.#before === null;
  }

  /** This batch and one more frame. */
  with(frame: Frame): Batch {
    if (this.#next === null || this.#next.#frame !== frame) this.#next = new Batch(frame, this);
    return this.#next;
  }

  /** All frames in a row, ready for the socket; the same buffer for all who ask. */
  get bytes(): Buffer {
    return (this.#bytes ??= this.#encode());
  }

  #encode(): Buffer {
    // Not from Node's pool: a slow reader would hold on to the whole slab around its bytes.
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    let rest = this.#writeLast(bytes);
    while (rest !== null) rest = rest.#writeLast(bytes);
    return bytes;
  }

  /** Writes the last frame at its place in `bytes` and answers what stands before it. */
  #writeLast(bytes: Buffer): Batch | null {
    const start = this.#before === null ? 0 : this.#before.#length;
    writeWire(this.#frame, bytes, start, this.#length);
    return this.#before;
  }
}
