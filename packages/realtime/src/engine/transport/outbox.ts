import type { Writable } from 'node:stream';
import type { Frame } from '../message.ts';
import { Batch } from './batch.ts';

/** Sockets that have frames to write at the end of this turn of the event loop. */
let dirty: Outbox[] = [];
/** Where the batches of this turn begin. */
let empty = Batch.empty();

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

  /** Bytes that are to be written at the end of this turn. */
  get pendingBytes(): number {
    return this.#pending === null ? 0 : this.#pending.length;
  }

  add(frame: Frame): void {
    if (this.#pending === null && dirty.push(this) === 1) setImmediate(flushAll);
    this.#pending = (this.#pending ?? empty).with(frame);
  }

  flush(): void {
    const batch = this.#pending;
    this.#pending = null;
    const socket = this.#socket;
    if (batch === null || !socket.writable) return;
    const keepsUp = socket.writableLength === 0;
    socket.write(batch.bytes(keepsUp));
    if (socket.writableLength > this.#maxBytes) this.#owner.overflowed();
  }
}

function flushAll(): void {
  const outboxes = dirty;
  dirty = [];
  empty = Batch.empty();
  for (const outbox of outboxes) outbox.flush();
}
