import type { Signal } from '@preact/signals';
import type { Ask } from './answer.ts';
import type { Outgoing, Room, RoomEvent } from './state/room.ts';

/** Tries of one message that nothing answers, while there is a connection. */
const TRIES = 3;
/** Refusals that pass by themselves. */
const PASSING = new Set(['network', 'unavailable', 'overloaded']);
const RETRY_MS = 1_000;

/**
 * Sends what is in the outbox of a room, under the same `clientMessageId` until the server has it: however often it was
 * sent, it is one message. What waits for a connection is sent at the next join.
 */
export class Sender {
  readonly #room: Signal<Room>;
  readonly #dispatch: (event: RoomEvent) => void;
  readonly #ask: Ask;
  /** By name: the latest try. The answers of earlier ones count only when they are good. */
  readonly #tries = new Map<string, number>();
  #stopped = false;

  constructor(room: Signal<Room>, dispatch: (event: RoomEvent) => void, ask: Ask) {
    this.#room = room;
    this.#dispatch = dispatch;
    this.#ask = ask;
  }

  /** Sends all that waits, in its order. */
  flush(): void {
    const { outbox, state } = this.#room.peek();
    if (state !== 'joined') return;
    for (const one of outbox) if (one.state === 'pending') void this.#send(one, 1);
  }

  /** Sends what was just written or is tried again. */
  send(clientMessageId: string): void {
    const { outbox, state } = this.#room.peek();
    const one = outbox.find((outgoing) => outgoing.clientMessageId === clientMessageId);
    if (one !== undefined && state === 'joined') void this.#send(one, 1);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #send({ clientMessageId, content, replyTo }: Outgoing, tries: number): Promise<void> {
    const turn = (this.#tries.get(clientMessageId) ?? 0) + 1;
    this.#tries.set(clientMessageId, turn);
    const payload = { type: 'text', content, clientMessageId, ...(replyTo === null ? {} : { replyTo }) };
    const answer = await this.#ask<{ message: { seq: number } }>('message:send', payload);
    if (answer.ok) {
      this.#tries.delete(clientMessageId);
      this.#dispatch({ type: 'acknowledged', clientMessageId, seq: answer.reply.message.seq });
      return;
    }
    const room = this.#room.peek();
    const waiting = room.outbox.find((one) => one.clientMessageId === clientMessageId && one.state === 'pending');
    // A later try is under way, or the next join makes one.
    if (this.#stopped || waiting === undefined || this.#tries.get(clientMessageId) !== turn || room.state !== 'joined') return;
    if (PASSING.has(answer.refusal.reason) && tries < TRIES) {
      setTimeout(() => this.#again(waiting, turn, tries + 1), RETRY_MS * tries);
      return;
    }
    this.#tries.delete(clientMessageId);
    this.#dispatch({ type: 'failed', clientMessageId, refusal: answer.refusal });
  }

  #again(one: Outgoing, turn: number, tries: number): void {
    const current = this.#tries.get(one.clientMessageId) === turn && this.#room.peek().state === 'joined';
    if (current && !this.#stopped) void this.#send(one, tries);
  }
}
