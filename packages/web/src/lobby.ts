import type { Channel, Socket } from 'phoenix';
import { ask, type Answer } from './ask.ts';

/** How long a question waits for the connection, in ms. */
const WAIT_MS = 5_000;

/** A channel for questions, joined as long as somebody is signed in. What is asked before it is joined waits a little. */
export class Lobby {
  readonly #channel: Channel;
  readonly #waiting = new Set<() => void>();

  /** @param onJoined gets the reply to each join: the first, and those after a lost connection */
  constructor(socket: Socket, topic: string, { params = {}, onJoined }: { params?: object; onJoined?: (reply: unknown) => void } = {}) {
    this.#channel = socket.channel(topic, params);
    this.#channel.join().receive('ok', (reply: unknown) => {
      onJoined?.(reply);
      for (const go of [...this.#waiting]) go();
    });
  }

  /** Resolves with the answer, or with the refusal `network` when there is no connection in time. */
  async ask<T>(event: string, payload: object): Promise<Answer<T>> {
    if (this.#channel.state !== 'joined') await this.#join();
    return ask<T>(this.#channel, event, payload);
  }

  leave(): void {
    this.#channel.leave();
    for (const go of [...this.#waiting]) go();
  }

  #join(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, WAIT_MS);
      this.#waiting.add(go);
    });
  }
}
