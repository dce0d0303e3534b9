import { newId } from '@armoricore/shared/kernel';
import type { RelayedEvent, Signal } from '../contracts/webrtc.ts';
import { deviceOf } from '../domain/webrtc-seats.ts';
import type { News, Session } from '../domain/webrtc-rooms.ts';
import type { SocketInfo } from '../engine/channel.ts';

/** What a session needs of its channel. */
interface Outlet {
  push(event: never, payload: never): void;
  after(ms: number, task: () => void): unknown;
  stop(reason: string): void;
}

/** News that may come before the join was answered; whoever is told more joins again. */
const MOST_HELD = 1_000;
/** Candidates that one joined channel may send. */
export const MOST_CANDIDATES = 2_000;

const connections = new WeakMap<object, string>();

/** Names the socket of a channel: the same for all of its channels. */
export function connectionOf(socket: object): string {
  const known = connections.get(socket) ?? newId();
  connections.set(socket, known);
  return known;
}

/** A channel of a call or huddle, from its join on: what it is told before the join was answered waits for that. */
export class ChannelSession implements Session {
  readonly id = newId();
  readonly userId: string;
  readonly connection: string;
  readonly device: string;
  readonly early: { event: RelayedEvent; payload: Signal }[] = [];
  candidates = 0;
  /** The client left the topic on purpose. */
  left = false;
  #held: News[] = [];
  #outlet: Outlet | null = null;
  #over = false;

  constructor(socket: SocketInfo<{ userId: string }>, deviceId: string | undefined) {
    this.userId = socket.identity.userId;
    this.connection = connectionOf(socket);
    this.device = deviceOf(deviceId, this.connection);
  }

  tell(news: readonly News[]): void {
    if (this.#outlet === null) this.#held.push(...news);
    else for (const one of news) this.#push(this.#outlet, one);
  }

  /** The join was answered. */
  open(outlet: Outlet): void {
    this.#outlet = outlet;
    const held = this.#held;
    this.#held = [];
    if (held.length > MOST_HELD) outlet.stop('overloaded');
    else this.tell(held);
  }

  /** Calls `gone` once the channel has ended. Its `terminate` says before that whether the client left on purpose. */
  watch(signal: AbortSignal, gone: (how: 'left' | 'dropped') => void): void {
    const end = (): void => queueMicrotask(() => gone(this.left ? 'left' : 'dropped'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }

  #push(outlet: Outlet, { event, payload, last = false }: News): void {
    if (this.#over) return;
    outlet.push(event as never, payload as never);
    this.#over = last;
    // In its turn: what it has just asked for is answered first.
    if (last) outlet.after(0, () => outlet.stop('shutdown:over'));
  }
}

/** The reason with which a channel ends whose client left the topic. */
export const LEFT = 'shutdown:left';
