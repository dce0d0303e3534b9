import type { Channel, Joined } from './channel.ts';
import { ChannelTable } from './channel-table.ts';
import { CLOSE } from './close.ts';
import type { ChannelContract } from './contract.ts';
import type { Counters } from './counters.ts';
import type { Fastlane, Member } from './fastlane.ts';
import type { Admitted } from './gate.ts';
import { ChannelInstance, type EndFrame, type InstanceHost } from './instance.ts';
import { MalformedFrame, sameRef, type ClientMessage, type Frame } from './message.ts';
import type { Presence } from './presence/tracker.ts';
import type { Broadcast, PubSub } from './pubsub/port.ts';
import { Refusal, refusalOf } from './refusal.ts';
import type { Serializer } from './serializer/serializer.ts';
import type { LiveConnection, SocketHandler } from './socket.ts';
import type { Transport } from './transport/port.ts';

/** What all connections of one mount share. */
export interface ConnectionOptions {
  channels: readonly Channel<unknown>[];
  events?: SocketHandler<unknown>['events'];
  fastlane: Fastlane;
  pubsub: PubSub;
  presence: Presence;
  counters: Counters;
  maxChannels: number;
  mailboxLimit: number;
  idleTimeoutMs: number;
  onCrash(topic: string, thrown: unknown): void;
  onClosed(connection: Connection): void;
  /** A channel that was joined ended. */
  onEnded?: (how: EndFrame) => void;
}

/** Messages that may wait behind a slow join before reading stops. */
const WAITING_BEFORE_PAUSE = 32;

/** The protocol state of one client: routes its messages to its channels, in order. */
export class Connection implements InstanceHost, LiveConnection<unknown> {
  readonly serializer: Serializer;
  readonly socketInfo: Admitted['socketInfo'];
  #expiresAt: number;
  readonly #channels = new ChannelTable();
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #stopListening: (() => void) | null = null;
  /** What the transport had read at the last sweep that found something new, and when that was. */
  #bytesRead = 0;
  #heardAt = performance.now();
  /** The channel whose join is not settled yet. */
  #joining: ChannelInstance | null = null;
  #waiting: ClientMessage[] | null = null;
  #closed = false;

  constructor(transport: Transport, { serializer, socketInfo, expiresAt }: Admitted, options: ConnectionOptions) {
    this.#transport = transport;
    this.serializer = serializer;
    this.socketInfo = socketInfo;
    this.#expiresAt = expiresAt;
    this.#options = options;
    if (socketInfo.id !== null) {
      this.#stopListening = options.pubsub.subscribe(socketInfo.id, ({ event }) => {
        if (event === 'disconnect') this.close(CLOSE.disconnected);
      });
    }
  }

  /** Topics joined on this connection. */
  get size(): number {
    return this.#channels.size;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Joins a topic for a client that does not ask itself. Resolves with what lets messages flow.
   * @throws what the channel's `join` throws; Refusal when no channel has the topic
   */
  async joinFor(topic: string, params: unknown): Promise<() => void> {
    const route = this.#route(topic);
    if (route === null) throw new Refusal('unmatched topic');
    const instance = new ChannelInstance(this, route.channel, route.vars, { joinRef: null, ref: null, topic, event: 'phx_join', payload: params });
    this.#joining = instance;
    const outcome = await instance.join(params);
    return () => {
      this.#joining = null;
      if (!this.#closed) this.#accept(instance, null, outcome);
    };
  }

  /** Takes one frame of the client. A malformed one closes the connection, as Phoenix's socket crash does. */
  receive(data: Buffer, binary: boolean): void {
    if (this.#closed) return;
    this.#options.counters.messagesIn += 1;
    let message: ClientMessage;
    try {
      message = this.serializer.decode(data, binary);
    } catch (thrown) {
      if (!(thrown instanceof MalformedFrame)) throw thrown;
      this.close(CLOSE.malformed, 'shutdown:malformed');
      return;
    }
    if (this.#joining !== null) this.#wait(message);
    else this.#dispatch(message);
  }

  send(frame: Frame | null): void {
    if (frame === null || this.#closed) return;
    this.#options.counters.messagesOut += 1;
    this.#transport.send(frame);
  }

  /** Ends all channels without a frame, then closes the transport. */
  close(code: number, reason = 'shutdown:disconnected'): void {
    if (this.#closed) return;
    this.closed(reason);
    this.#transport.close(code);
  }

  /** The transport is gone, or about to be. */
  closed(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = null;
    this.#options.counters.ended(reason);
    this.#stopListening?.();
    this.#joining?.end(null, reason, { silently: true });
    for (const instance of this.#channels.all()) instance.end(null, reason);
    this.#options.onClosed(this);
  }

  /** Closes the connection when its grant ran out (`date`: ms since the epoch), or when it is idle (`now`: `performance.now()`). */
  sweep(date: number, now: number): void {
    const { bytesRead = null } = this.#transport;
    if (date >= this.#expiresAt) {
      this.close(CLOSE.expired, 'shutdown:expired');
    } else if (bytesRead !== null && bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.#heardAt = now;
    } else if (bytesRead !== null && now - this.#heardAt > this.#options.idleTimeoutMs) {
      this.close(CLOSE.idle, 'shutdown:read_timeout');
    }
  }

  get identity(): unknown {
    return this.socketInfo.identity;
  }
  renew({ identity, expiresAt = Infinity }: { identity: unknown; expiresAt?: number }): void {
    this.socketInfo.identity = identity;
    this.#expiresAt = expiresAt;
  }
  eventHandler(event: string): ((payload: unknown) => unknown) | undefined {
    const { events } = this.#options;
    const handler = events !== undefined && Object.hasOwn(events, event) ? events[event] : undefined;
    return handler && ((payload) => handler(payload, this));
  }

  get mailboxLimit(): number {
    return this.#options.mailboxLimit;
  }
  get presence(): Presence {
    return this.#options.presence;
  }
  publish(broadcast: Broadcast): void {
    this.#options.pubsub.publish(broadcast);
  }
  subscribe(topic: string, member: Member): void {
    this.#options.fastlane.join(topic, member);
  }
  unsubscribe(topic: string, member: Member): void {
    this.#options.fastlane.leave(topic, member);
    this.#transport.forget?.(member.topic);
  }
  ended(instance: ChannelInstance, how: EndFrame): void {
    this.#channels.delete(instance);
    this.#options.onEnded?.(how);
  }
  flooded(): void {
    this.close(CLOSE.overload, 'shutdown:flooded');
  }
  crashed(topic: string, thrown: unknown): void {
    this.#options.onCrash(topic, thrown);
  }

  #wait(message: ClientMessage): void {
    const waiting = (this.#waiting ??= []);
    waiting.push(message);
    if (waiting.length === WAITING_BEFORE_PAUSE) this.#transport.pause();
    // What the socket had read before it paused still comes; a bound for it, too.
    else if (waiting.length > WAITING_BEFORE_PAUSE + this.mailboxLimit) this.flooded();
  }

  #dispatch(message: ClientMessage): void {
    const { topic, event, ref } = message;
    if (topic === 'phoenix' && event === 'heartbeat') {
      this.#reply(null, ref, topic, 'ok', {});
      return;
    }
    const instance = this.#channels.get(topic);
    if (event === 'phx_join') this.#join(message, instance);
    else if (instance === undefined) this.#unjoined(message);
    else if (message.joinRef !== null && message.joinRef !== undefined && !sameRef(message.joinRef, instance.sentJoinRef)) return;
    else if (event === 'phx_leave') instance.post(() => this.#leave(instance, message));
    else instance.receive(message);
  }

  #unjoined({ topic, event, ref, joinRef }: ClientMessage): void {
    if (event === 'phx_leave') this.#reply(joinRef ?? null, ref, topic, 'ok', {});
    else this.#reply(null, ref, topic, 'error', { reason: 'unmatched topic' });
  }

  #leave(instance: ChannelInstance, { ref }: ClientMessage): void {
    this.#reply(instance.joinRef, ref, instance.topic, 'ok', {});
    instance.end('phx_close', 'shutdown:left');
  }

  #join(message: ClientMessage, old: ChannelInstance | undefined): void {
    const { topic, ref } = message;
    const route = typeof topic === 'string' ? this.#route(topic) : null;
    if (route === null) {
      this.#reply(null, ref, topic, 'error', { reason: 'unmatched topic' });
      return;
    }
    if (old === undefined && this.#channels.size >= this.#options.maxChannels) {
      this.#refuseJoin(message, { reason: 'too many channels joined' });
      return;
    }
    old?.end(null, 'shutdown:duplicate_join', { silently: true });
    const instance = new ChannelInstance(this, route.channel, route.vars, message);
    const finish = (settle: () => void): void => {
      if (!this.#closed) settle();
      old?.sendEnd('phx_close');
    };
    try {
      const outcome = instance.join(message.payload);
      if (outcome instanceof Promise) this.#joinLater(outcome, instance, message, finish);
      else finish(() => this.#accept(instance, ref, outcome));
    } catch (thrown) {
      finish(() => this.#joinFailed(message, thrown));
    }
  }

  /** The connection takes nothing else until the join is settled: a slow join blocks it, as in Phoenix. */
  #joinLater(outcome: Promise<unknown>, instance: ChannelInstance, message: ClientMessage, finish: (settle: () => void) => void): void {
    this.#joining = instance;
    outcome
      .then(
        (value) => finish(() => this.#accept(instance, message.ref, value)),
        (thrown: unknown) => finish(() => this.#joinFailed(message, thrown)),
      )
      .then(() => this.#resume())
      .catch((thrown: unknown) => this.crashed(String(message.topic), thrown));
  }

  #resume(): void {
    this.#joining = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null && waiting.length >= WAITING_BEFORE_PAUSE) this.#transport.resume();
    for (const message of waiting ?? []) {
      if (this.#joining !== null) this.#wait(message);
      else if (!this.#closed) this.#dispatch(message);
    }
  }

  #accept(instance: ChannelInstance, ref: unknown, outcome: unknown): void {
    const { params, joined } = outcome as { params: unknown; joined: Joined<ChannelContract, unknown> | void };
    this.#options.counters.joins += 1;
    this.#channels.add(instance);
    instance.accept(ref, params, joined);
  }

  #joinFailed(message: ClientMessage, thrown: unknown): void {
    const refusal = refusalOf(thrown);
    if (refusal === null) this.crashed(String(message.topic), thrown);
    this.#options.counters.refusedJoins += 1;
    this.#refuseJoin(message, refusal === null ? { reason: 'join crashed' } : refusal.toResponse());
  }

  #refuseJoin({ joinRef, ref, topic }: ClientMessage, response: object): void {
    this.#reply(joinRef ?? null, ref, topic, 'error', response);
  }

  #reply(joinRef: unknown, ref: unknown, topic: unknown, status: string, response: object): void {
    this.send(this.serializer.reply(joinRef, ref ?? null, topic, status, response));
  }

  #route(topic: string): { channel: Channel<unknown>; vars: Record<string, string> } | null {
    for (const channel of this.#options.channels) {
      const vars = channel.match(topic);
      if (vars !== null) return { channel, vars };
    }
    return null;
  }
}
