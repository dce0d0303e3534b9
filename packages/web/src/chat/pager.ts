import { effect, type Signal } from '@preact/signals';
import type { Ask } from './answer.ts';
import type { Message } from './state/message.ts';
import { PAGE, type Room, type RoomEvent } from './state/room.ts';

/** The most that the server gives at once. */
const LARGEST_PAGE = 200;
const RETRY_MS = 2_000;

/** Reads the history: a fresh newest page when the open room wants one, and older ones when they are asked for. */
export class Pager {
  readonly #room: Signal<Room>;
  readonly #dispatch: (event: RoomEvent) => void;
  readonly #ask: Ask;
  readonly #stop: () => void;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Which asking counts; null while none does. */
  #turn: object | null = null;

  constructor(room: Signal<Room>, dispatch: (event: RoomEvent) => void, ask: Ask) {
    this.#room = room;
    this.#dispatch = dispatch;
    this.#ask = ask;
    this.#stop = effect(() => this.#refresh(room.value));
  }

  /** Reads the page before what is known. Resolves when it is there; at the beginning, and while one is read, at once. */
  async older(): Promise<void> {
    const { messages, atBeginning, stale } = this.#room.peek();
    const first = messages[0];
    if (!atBeginning && !stale && first !== undefined) await this.#page({ before_seq: first.seq, limit: PAGE }, false);
  }

  /** Joined anew: what was asked before is not answered any more. */
  again(): void {
    this.#turn = null;
  }

  stop(): void {
    this.#stop();
    this.#turn = null;
    clearTimeout(this.#retry);
  }

  #refresh({ open, state, stale, messages, latestSeq }: Room): void {
    if (!open || !stale || state !== 'joined') return;
    // Those that are known, not those that come meanwhile.
    const before = (messages.at(-1)?.seq ?? latestSeq) + 1;
    void this.#page({ before_seq: before, limit: Math.min(LARGEST_PAGE, Math.max(PAGE, messages.length)) }, true);
  }

  async #page(payload: { before_seq: number; limit: number }, newest: boolean): Promise<void> {
    if (this.#turn !== null) return;
    const turn = (this.#turn = {});
    const answer = await this.#ask<{ messages: Message[] }>('message:history', payload);
    if (this.#turn !== turn) return;
    this.#turn = null;
    if (answer.ok) this.#dispatch({ type: 'paged', messages: answer.reply.messages, newest });
    else this.#retry = setTimeout(() => this.#refresh(this.#room.peek()), RETRY_MS);
  }
}
