import type { Writable } from 'node:stream';
import type { Frame } from '../message.ts';
import { Batch } from './batch.ts';

/** Sockets that have frames to write at the end of this turn of the event loop. */
let dirty: Outbox[] = [];
/** The batch that was begun last: the next socket is likely to begin with the same frame. */
let latest: Batch | null = null;

export interface OutboxOwner {
  /** More than the allowed bytes wait for the client after a write. */
  overflowed(): void;
}

/**
 * Collects the frames of one socket and writes them together at the end of the turn of the event loop. Sockets with the
 * same frames, as after a burst of broadcasts, share one buffer.
 */
export class Outbox {
  readonly #socket: Writable;
  readonly #maxBytes: number;
  readonly #owner: OutboxOwner;
  #pending: Batch | null = null;

  constructor(socket: Writable, maxBytes: number, owner: OutboxOwner) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#owner = owner;
  }

  add(frame: Frame): void {
    if (this.#pending !== null) {
      this.#pending = this.#pending.with(frame);
      return;
    }
    if (latest === null || !latest.is(frame)) latest = new Batch(frame);
    this.#pending = latest;
    if (dirty.push(this) === 1) setImmediate(flushAll);
  }

  flush(): void {
    const batch = this.#pending;
    this.#pending = null;
    const socket = this.#socket;
    if (batch === null || !socket.writable) return;
    socket.write(batch.bytes);
    if (socket.writableLength > this.#maxBytes) this.#owner.overflowed();
  }
}

function flushAll(): void {
  const outboxes = dirty;
  dirty = [];
  latest = null;
  for (const outbox of outboxes) outbox.flush();
}
