import type { Frame } from '../message.ts';
import { wireLength, writeWire } from './frame.ts';

/**
 * Frames that leave in one write, as a chain: a frame behind the batch before it. Sockets that are sent the same frames
 * in the same order walk along the same chain, so the bytes of a burst of broadcasts are put together once for all of
 * them, and a recipient costs nothing but a step.
 */
export class Batch {
  readonly #before: Batch | null;
  readonly #frame: Frame | null;
  /** In bytes, with the frames before it. */
  readonly length: number;
  /** The batch with one frame more that was asked for last: most likely the one that the next socket asks for. */
  #next: Batch | null = null;
  #shared = false;
  #bytes: Buffer | null = null;

  private constructor(before: Batch | null, frame: Frame | null, length: number) {
    this.#before = before;
    this.#frame = frame;
    this.length = length;
  }

  static empty(): Batch {
    return new Batch(null, null, 0);
  }

  /** This batch and one more frame. */
  with(frame: Frame): Batch {
    if (this.#next !== null && this.#next.#frame === frame) this.#next.#shared = true;
    else this.#next = new Batch(this, frame, this.length + wireLength(frame));
    return this.#next;
  }

  /**
   * All frames in a row, ready for a socket; the same buffer for all who ask.
   * @param brief the socket will let go of it soon: bytes for it alone may come from Node's pool, which is several times
   *   cheaper, but keeps a whole slab in memory while a slice of it is held
   */
  bytes(brief: boolean): Buffer {
    return (this.#bytes ??= Batch.#encode(this, brief && !this.#shared));
  }

  static #encode(whole: Batch, pooled: boolean): Buffer {
    const bytes = pooled ? Buffer.allocUnsafe(whole.length) : Buffer.allocUnsafeSlow(whole.length);
    for (let batch = whole; batch.#before !== null && batch.#frame !== null; batch = batch.#before) {
      writeWire(batch.#frame, bytes, batch.#before.length, batch.length);
    }
    return bytes;
  }
}
