import type { Channel } from '../channel.ts';
import { Connection } from '../connection.ts';
import { Counters } from '../counters.ts';
import { Fastlane } from '../fastlane.ts';
import type { Frame, Payload } from '../message.ts';
import { Presence } from '../presence/tracker.ts';
import { createLocalPubSub } from '../pubsub/local.ts';
import { v2 } from '../serializer/v2.ts';
import type { Transport } from '../transport/port.ts';
import type { ClientFrame } from './wire.ts';

/** The client's end of an in-memory transport. */
export interface ClientEnd {
  received(frame: Frame): void;
  /** The server closed the connection. */
  closed(code: number): void;
}

/** What a client does to its connection. */
export interface Wire {
  send(message: ClientFrame): void;
  close(): void;
}

/** The engine without HTTP: what the sockets of one test share. */
export class TestServer {
  /** What handlers threw beside refusals. */
  readonly crashes: { where: string; thrown: unknown }[] = [];
  readonly #pubsub = createLocalPubSub((thrown) => this.#crashed('pubsub', thrown));
  readonly #fastlane = new Fastlane(this.#pubsub, (where, thrown) => this.#crashed(where, thrown));
  readonly #presence = new Presence(this.#pubsub, this.#fastlane, (where, thrown) => this.#crashed(where, thrown));
  readonly #channels: readonly Channel<unknown>[];

  constructor(channels: readonly Channel<unknown>[]) {
    this.#channels = channels;
  }

  broadcast(topic: string, event: string, payload: Payload): void {
    this.#pubsub.publish({ topic, event, payload });
  }

  /** Opens a connection as if `connect` had answered this identity. */
  open(client: ClientEnd, identity: unknown, id: string | null): Wire {
    const transport = new MemoryTransport(client);
    const socketInfo = { identity, id, transport: 'test', binary: true };
    const connection = new Connection(
      transport,
      { serializer: v2, socketInfo, expiresAt: Infinity },
      {
        channels: this.#channels,
        fastlane: this.#fastlane,
        pubsub: this.#pubsub,
        presence: this.#presence,
        counters: new Counters(),
        maxChannels: 100,
        mailboxLimit: 1_000,
        idleTimeoutMs: Infinity,
        onCrash: (where, thrown) => this.#crashed(where, thrown),
        onClosed: () => undefined,
      },
    );
    transport.deliver = ({ data, binary }) => connection.receive(data, binary);
    return { send: (message) => transport.arrive(message), close: () => connection.closed('shutdown:closed') };
  }

  #crashed(where: string, thrown: unknown): void {
    this.crashes.push({ where, thrown });
  }
}

/** Carries frames both ways at once; what a client sends while reading is paused waits. */
class MemoryTransport implements Transport {
  deliver: (message: ClientFrame) => void = () => undefined;
  readonly #client: ClientEnd;
  readonly #held: ClientFrame[] = [];
  #paused = false;

  constructor(client: ClientEnd) {
    this.#client = client;
  }

  arrive(message: ClientFrame): void {
    if (this.#paused) this.#held.push(message);
    else this.deliver(message);
  }

  send(frame: Frame): void {
    this.#client.received(frame);
  }

  close(code: number): void {
    this.#client.closed(code);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#held.length > 0) this.deliver(this.#held.shift()!);
  }
}
