import { CLOSE } from './close.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { Admitted } from './gate.ts';
import { MalformedFrame, type ClientMessage, type Frame } from './message.ts';
import { v2 } from './serializer/v2.ts';
import type { Transport } from './transport/port.ts';

/** The topic that a direct connection is joined to. */
export interface DirectJoin {
  topic: string;
  params?: object;
}

/** Frames that a client may send within the window, in ms; it has nothing to send but heartbeats. */
const MOST_FRAMES = 100;
const WINDOW_MS = 10_000;

/**
 * A client that is joined to one topic by connecting: it gets what is sent there, and is listened to for heartbeats alone.
 * First it joins, by the channel's own `join`; then its socket opens.
 */
export class DirectClient {
  readonly connection: Connection;
  readonly #options: ConnectionOptions;
  readonly #socket = new LateTransport();
  #accept: (() => void) | null = null;
  #frames = 0;
  #windowEnds = 0;

  constructor(admitted: Admitted, options: ConnectionOptions) {
    this.#options = options;
    const onEnded: ConnectionOptions['onEnded'] = (how) => {
      // Behind the frame that says so to the client.
      queueMicrotask(() => this.close(how === 'phx_error' ? CLOSE.malformed : CLOSE.ended, 'shutdown:channel_ended'));
    };
    this.connection = new Connection(this.#socket, admitted, { ...options, onEnded });
  }

  /** @throws what the channel's `join` throws; Refusal when no channel has the topic */
  async join({ topic, params = {} }: DirectJoin): Promise<void> {
    this.#accept = await this.connection.joinFor(topic, params);
  }

  /** The socket is open: messages flow. */
  open(transport: Transport): this {
    this.#socket.open(transport);
    this.#accept?.();
    return this;
  }

  /** Answers heartbeats. Anything else is ignored, but not without end. */
  receive(data: Buffer, binary: boolean): void {
    const now = performance.now();
    if (now > this.#windowEnds) [this.#frames, this.#windowEnds] = [0, now + WINDOW_MS];
    this.#options.counters.messagesIn += 1;
    if ((this.#frames += 1) > MOST_FRAMES) return this.close(CLOSE.overload, 'shutdown:flooded');
    const message = decode(data, binary);
    if (message?.topic === 'phoenix' && message.event === 'heartbeat') this.connection.send(v2.reply(null, message.ref ?? null, 'phoenix', 'ok', {}));
  }

  close(code: number, reason?: string): void {
    this.connection.close(code, reason);
  }

  closed(reason: string): void {
    this.connection.closed(reason);
  }
}

function decode(data: Buffer, binary: boolean): ClientMessage | null {
  try {
    return v2.decode(data, binary);
  } catch (thrown) {
    if (thrown instanceof MalformedFrame) return null;
    throw thrown;
  }
}

/** A transport that is there once the socket is open. Nothing is sent before. */
class LateTransport implements Transport {
  #transport: Transport | null = null;

  open(transport: Transport): void {
    this.#transport = transport;
  }
  get bytesRead(): number {
    return this.#transport?.bytesRead ?? 0;
  }
  send(frame: Frame): void {
    this.#transport?.send(frame);
  }
  forget(topic: string): void {
    this.#transport?.forget?.(topic);
  }
  close(code: number): void {
    this.#transport?.close(code);
  }
  pause(): void {
    this.#transport?.pause();
  }
  resume(): void {
    this.#transport?.resume();
  }
}
