import type { AnyContext, Channel, Joined, SocketInfo } from './channel.ts';
import { isVolatile, validate, type ChannelContract } from './contract.ts';
import type { Member } from './fastlane.ts';
import { Mailbox, type MailboxOwner, type Task } from './mailbox.ts';
import { volatileKey, type ClientMessage, type Frame, type Payload, type Ref } from './message.ts';
import { ChannelPresence } from './presence/channel-presence.ts';
import type { Presence, PresenceFetch } from './presence/tracker.ts';
import type { Broadcast } from './pubsub/port.ts';
import { Refusal } from './refusal.ts';
import { JoinRequest, PushRequest } from './requests.ts';
import type { Serializer } from './serializer/serializer.ts';

/** What an instance needs of its connection. */
export interface InstanceHost {
  readonly serializer: Serializer;
  readonly socketInfo: SocketInfo<unknown>;
  readonly mailboxLimit: number;
  readonly presence: Presence;
  /** The handler of an event that is of the connection and not of a channel. */
  eventHandler(event: string): ((payload: unknown) => unknown) | undefined;
  send(frame: Frame | null): void;
  publish(broadcast: Broadcast): void;
  subscribe(topic: string, member: Member): void;
  unsubscribe(topic: string, member: Member): void;
  /** The instance ended: its topic is free on the connection. */
  ended(instance: ChannelInstance, how: EndFrame): void;
  /** The client floods this channel. */
  flooded(topic: string): void;
  crashed(topic: string, thrown: unknown): void;
}

/** How an end looks on the wire: a frame of this event, or nothing (the connection is gone, or a duplicate join says it later). */
export type EndFrame = 'phx_close' | 'phx_error' | null;

let instances = 0;
const processPart = Math.random().toString(36).slice(2, 10);

/** One joined topic of one connection: the state and the mailbox of a channel. */
export class ChannelInstance implements Member, AnyContext<unknown>, MailboxOwner {
  readonly topic: string;
  readonly vars: never;
  /** As sent with the join: `phx_close` and `phx_error` carry it, and later messages are compared with it. */
  readonly sentJoinRef: Ref;
  readonly joinRef: Ref;
  assigns: unknown = undefined;
  readonly #host: InstanceHost;
  readonly #channel: Channel<unknown>;
  readonly #mailbox = new Mailbox(this);
  #ended = false;
  /** Where its broadcasts come from, when not from its topic. */
  #topics: readonly string[] | null = null;
  // What many channels never ask for is made when it is first asked for.
  #memberId: string | null = null;
  #abort: AbortController | null = null;
  #timers: Set<NodeJS.Timeout> | null = null;
  #presence: ChannelPresence | null = null;

  constructor(host: InstanceHost, channel: Channel<unknown>, vars: Record<string, string>, join: ClientMessage) {
    this.#host = host;
    this.#channel = channel;
    this.topic = join.topic as string;
    this.vars = vars as never;
    this.sentJoinRef = join.joinRef;
    this.joinRef = join.joinRef ?? join.ref;
  }

  get memberId(): string {
    return (this.#memberId ??= `${processPart}-${(instances += 1)}`);
  }
  get mailboxLimit(): number {
    return this.#host.mailboxLimit;
  }

  get serializer(): Serializer {
    return this.#host.serializer;
  }
  get socket(): SocketInfo<never> {
    return this.#host.socketInfo as SocketInfo<never>;
  }
  get presence(): ChannelPresence {
    return (this.#presence ??= new ChannelPresence(this.#host.presence, this, this.fetchPresence));
  }
  get fetchPresence(): PresenceFetch | undefined {
    return this.#channel.handlers.fetchPresence;
  }
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#ended) this.#abort.abort();
    return this.#abort.signal;
  }
  get ended(): boolean {
    return this.#ended;
  }

  /** Runs the `join` handler. @throws what it throws */
  join(payload: unknown): unknown {
    const { contract, handlers } = this.#channel;
    const params = validate(contract.join?.params, payload);
    if (params instanceof Promise) return params.then((valid) => this.#askToJoin(handlers, valid));
    return this.#askToJoin(handlers, params);
  }

  /** The join was accepted: the reply goes out, then broadcasts and messages flow. */
  accept(ref: Ref, params: unknown, joined: Joined<ChannelContract, unknown> | void): void {
    this.assigns = joined?.assigns;
    this.#topics = joined?.topics ?? null;
    for (const topic of this.#topics ?? [this.topic]) this.#host.subscribe(topic, this);
    this.#host.send(this.serializer.reply(this.sentJoinRef, ref, this.topic, 'ok', joined?.reply ?? {}));
    const { handlers } = this.#channel;
    if (handlers.joined !== undefined) this.post(() => handlers.joined?.(this, params));
  }

  /** Hands a client's message to its handler, in its turn. */
  receive(message: ClientMessage): void {
    this.post(() => this.#handle(message));
  }

  post(task: Task): void {
    this.#mailbox.post(task);
  }

  push(event: string, payload: Payload): void {
    assertPayload(event, payload);
    if (this.#ended) return;
    const frame = this.serializer.push(this.joinRef, null, this.topic, event, payload);
    if (frame === null) throw new TypeError(`the payload of ${JSON.stringify(event)} is bytes, which a V1 client cannot get`);
    if (this.isVolatile(event)) frame.volatileKey = volatileKey(this.topic, event);
    this.send(frame);
  }

  broadcast(event: string, payload: Payload): void {
    assertPayload(event, payload);
    this.#host.publish({ topic: this.topic, event, payload });
  }

  broadcastFrom(event: string, payload: Payload): void {
    assertPayload(event, payload);
    this.#host.publish({ topic: this.topic, event, payload, except: this.memberId });
  }

  after(ms: number, task: () => void | Promise<void>): () => void {
    if (this.#ended) return () => undefined;
    const timers = (this.#timers ??= new Set());
    const timer = setTimeout(() => {
      timers.delete(timer);
      this.post(task);
    }, ms);
    timers.add(timer);
    return () => {
      timers.delete(timer);
      clearTimeout(timer);
    };
  }

  stop(reason = 'normal'): void {
    this.end(isNormal(reason) ? 'phx_close' : 'phx_error', reason);
  }

  get socketId(): string | null {
    return this.#host.socketInfo.id;
  }

  /** Whether `id` is its `memberId`; an id that was never asked for is nobody's. */
  is(id: string): boolean {
    return this.#memberId === id;
  }

  intercepts(event: string): boolean {
    const { intercept } = this.#channel.handlers;
    return intercept !== undefined && Object.hasOwn(intercept, event);
  }

  intercepted(event: string, payload: Payload): void {
    this.post(() => this.#channel.handlers.intercept?.[event]?.(payload, this));
  }

  isVolatile(event: string): boolean {
    return isVolatile(this.#channel.contract, event);
  }

  send(frame: Frame | null): void {
    this.#host.send(frame);
  }

  /** Ends the channel once. `silently` is for duplicate joins: Phoenix kills the old channel without `terminate`. */
  end(frame: EndFrame, reason: string, { silently = false } = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#abort?.abort();
    this.#mailbox.close();
    for (const timer of this.#timers ?? []) clearTimeout(timer);
    for (const topic of this.#topics ?? [this.topic]) this.#host.unsubscribe(topic, this);
    this.#host.ended(this, frame);
    this.#presence?.leave();
    if (frame !== null) this.sendEnd(frame);
    if (!silently) this.#terminate(reason);
  }

  sendEnd(event: 'phx_close' | 'phx_error'): void {
    const payload = event === 'phx_error' ? { reason: 'channel_crash' } : {};
    this.#host.send(this.serializer.push(this.sentJoinRef, this.sentJoinRef, this.topic, event, payload));
  }

  flooded(): void {
    this.#host.flooded(this.topic);
  }

  threw(thrown: unknown): void {
    if (this.#ended) return;
    this.#host.crashed(this.topic, thrown);
    this.end('phx_error', `error:${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }

  #askToJoin(handlers: Channel<unknown>['handlers'], params: unknown): unknown {
    const joined = handlers.join?.(new JoinRequest(this, params));
    return joined instanceof Promise ? joined.then((value) => ({ params, joined: value })) : { params, joined };
  }

  #handle({ event, ref, payload }: ClientMessage): unknown {
    const request = new PushRequest(this, String(event), ref);
    try {
      const result = this.#call(request, payload);
      if (result instanceof Promise) return result.then((value) => request.settle(value)).catch((thrown: unknown) => request.refuse(thrown));
      request.settle(result);
    } catch (thrown) {
      request.refuse(thrown);
    }
    return undefined;
  }

  #call(request: PushRequest, payload: unknown): unknown {
    const ofConnection = this.#host.eventHandler(request.event);
    if (ofConnection !== undefined) return ofConnection(payload);
    const { contract, handlers } = this.#channel;
    const handler = handlers.on !== undefined && Object.hasOwn(handlers.on, request.event) ? handlers.on[request.event] : undefined;
    if (handler === undefined) {
      if (handlers.unknown === undefined) throw new Refusal('unknown_event');
      return handlers.unknown(payload, this, request);
    }
    const valid = validate(contract.in?.[request.event]?.payload, payload);
    return valid instanceof Promise ? valid.then((value) => handler(value, this, request)) : handler(valid, this, request);
  }

  #terminate(reason: string): void {
    const report = (thrown: unknown): void => this.#host.crashed(this.topic, thrown);
    try {
      const result = this.#channel.handlers.terminate?.(reason, this);
      if (result instanceof Promise) result.catch(report);
    } catch (thrown) {
      report(thrown);
    }
  }
}

/** Reasons that close a channel in peace, as in OTP: normal, shutdown and shutdown:why. */
function isNormal(reason: string): boolean {
  return reason === 'normal' || reason === 'shutdown' || reason.startsWith('shutdown:');
}

function assertPayload(event: string, payload: unknown): void {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new TypeError(`the payload of ${JSON.stringify(event)} is ${JSON.stringify(payload)?.slice(0, 60)}; allowed: an object, or bytes (Uint8Array)`);
  }
}

