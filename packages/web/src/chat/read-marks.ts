import { effect, type Signal } from '@preact/signals';
import type { Ask } from './answer.ts';
import type { Message } from './state/message.ts';
import type { Room, RoomEvent } from './state/room.ts';

/** Reading is told at most so often, in ms. */
const EVERY_MS = 250;

/** Tells the server what is read, while somebody looks. */
export class ReadMarks {
  readonly #room: Signal<Room>;
  readonly #dispatch: (event: RoomEvent) => void;
  readonly #ask: Ask;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #toldSeq = 0;

  constructor(room: Signal<Room>, dispatch: (event: RoomEvent) => void, ask: Ask) {
    this.#room = room;
    this.#dispatch = dispatch;
    this.#ask = ask;
    this.#stop = effect(() => this.#schedule(room.value));
  }

  /** Joined anew: what was told before may not have arrived. */
  again(): void {
    this.#toldSeq = 0;
  }

  stop(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  #schedule(room: Room): void {
    if (this.#timer !== undefined || this.#untold(room) === null) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#tell();
    }, EVERY_MS);
  }

  async #tell(): Promise<void> {
    const last = this.#untold(this.#room.peek());
    if (last === null) return;
    this.#toldSeq = last.seq;
    const { ok } = await this.#ask('message:read', { messageId: last.id });
    if (ok) this.#dispatch({ type: 'read', userId: this.#room.peek().me, seq: last.seq });
  }

  /** The newest message, when somebody sees it and the server does not know. */
  #untold({ attended, messages, readSeq, state }: Room): Message | null {
    const last = messages.at(-1);
    if (!attended || state !== 'joined' || last === undefined) return null;
    return last.seq > Math.max(readSeq ?? 0, this.#toldSeq) ? last : null;
  }
}
