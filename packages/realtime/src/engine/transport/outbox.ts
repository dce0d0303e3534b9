import type { Writable } from 'node:stream';

/** Sockets that have frames to write at the end of this turn of the event loop. */
let dirty: Outbox[] = [];
let lastParts: readonly Buffer[] = [];
let lastWhole: Buffer = Buffer.alloc(0);

/**
 * Collects the frames of one socket and writes them together at the end of the turn of the event loop. Sockets with the
 * same frames, as after a burst of broadcasts, share one buffer.
 */
export class Outbox {
  readonly #socket: Writable;
  readonly #maxBytes: number;
  readonly #onOverflow: () => void;
  #parts: Buffer[] | null = null;

  /** @param onOverflow called when more than `maxBytes` wait for the client after a write */
  constructor(socket: Writable, maxBytes: number, onOverflow: () => void) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  add(wire: Buffer): void {
    if (this.#parts !== null) {
      this.#parts.push(wire);
      return;
    }
    this.#parts = [wire];
    if (dirty.length === 0) setImmediate(flushAll);
    dirty.push(this);
  }

  flush(): void {
    const parts = this.#parts;
    this.#parts = null;
    if (parts === null || !this.#socket.writable) return;
    this.#socket.write(parts.length === 1 ? parts[0]! : join(parts));
    if (this.#socket.writableLength > this.#maxBytes) this.#onOverflow();
  }
}

function flushAll(): void {
  const outboxes = dirty;
  dirty = [];
  for (const outbox of outboxes) outbox.flush();
  lastParts = [];
}

function join(parts: readonly Buffer[]): Buffer {
  const same = parts.length === lastParts.length && parts.every((part, index) => part === lastParts[index]);
  if (!same) {
    lastParts = parts;
    lastWhole = Buffer.concat(parts);
  }
  return lastWhole;
}
