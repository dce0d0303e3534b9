import { inspect } from 'node:util';
import type { ChannelContract, ReplyTo, EventIn, JoinReply } from '../contract.ts';
import type { EventInput, EventReceived, PayloadInput, PayloadReceived } from './types.ts';
import type { Received, Sent } from './wire.ts';
import { Waiting } from './waiting.ts';

/** What a push is answered with. `response` is typed as the `ok` reply of the contract. */
export interface Reply<Response = unknown> {
  status: string;
  response: Response;
}

/** An argument that may be left out when anything goes. */
type Optional<T> = unknown extends T ? [payload?: T] : [payload: T];

type ResponseTo<C extends ChannelContract, E extends string> = E extends EventIn<C> ? ReplyTo<C, E> : unknown;

/** What a channel needs of its socket. */
interface Host {
  /** A new ref. */
  nextRef(): string;
  send(message: Sent): void;
  /** What a handler threw last, for messages. */
  lastCrash(): unknown;
}

/** A channel that a test's client has joined. */
export class TestChannel<C extends ChannelContract = ChannelContract> {
  readonly topic: string;
  /** Pushes and broadcasts that came and were not yet expected, oldest first. */
  readonly received: { event: string; payload: unknown }[] = [];
  readonly joinRef: string;
  #reply: JoinReply<C> | undefined;
  readonly #host: Host;
  readonly #replies = new Waiting<Received>();
  readonly #pushes = new Waiting<Received>();
  readonly #ends = new Waiting<'phx_close' | 'phx_error'>();
  #ended: 'phx_close' | 'phx_error' | null = null;
  #closedWith: number | null = null;

  constructor(host: Host, topic: string, joinRef: string) {
    this.#host = host;
    this.topic = topic;
    this.joinRef = joinRef;
  }

  /** What the join was answered with. */
  get reply(): JoinReply<C> {
    return this.#reply as JoinReply<C>;
  }
  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Pushes an event and waits for its reply, ok or not. Rejects when the channel ends instead, or nothing comes. */
  async push<E extends EventInput<C>>(event: E, ...[payload]: Optional<PayloadInput<C, E>>): Promise<Reply<ResponseTo<C, E>>> {
    if (this.#over) throw this.#endError();
    const ref = this.#host.nextRef();
    // Waited for before it is sent: a synchronous handler replies meanwhile.
    const reply = this.#replies.next(
      (arrived) => arrived.ref === ref,
      () => `no reply to ${event} on ${this.topic}; ${this.#listing()}`,
    );
    this.#send(event, payload, ref);
    const { status = '', payload: response } = await reply;
    return { status, response: response as ResponseTo<C, E> };
  }

  /** Pushes an event whose reply, if any, is of no interest: it is kept as a `phx_reply`. */
  send<E extends EventInput<C>>(event: E, ...[payload]: Optional<PayloadInput<C, E>>): void {
    this.#send(event, payload);
  }

  /** The payload of the oldest push or broadcast of this event that was not yet expected; waits for it when there is none. */
  async expectPush<E extends EventReceived<C>>(event: E): Promise<PayloadReceived<C, E>> {
    const index = this.received.findIndex((arrived) => arrived.event === event);
    if (index !== -1) return this.received.splice(index, 1)[0]!.payload as PayloadReceived<C, E>;
    if (this.#over) throw this.#endError(`no ${event} on ${this.topic}; ${this.#listing()}; `);
    const arrived = await this.#pushes.next(
      (push) => push.event === event,
      () => `no ${event} on ${this.topic}; ${this.#listing()}`,
    );
    return arrived.payload as PayloadReceived<C, E>;
  }

  /** Leaves: the reply, then the close. */
  async leave(): Promise<void> {
    if (this.#over) throw this.#endError();
    const end = this.expectEnd();
    this.#send('phx_leave', {});
    await end;
  }

  /** How the channel ends: `phx_close`, or `phx_error` after a crash. */
  async expectEnd(): Promise<'phx_close' | 'phx_error'> {
    return this.#ended ?? (await this.#ends.next(() => true, () => `${this.topic} did not end; ${this.#listing()}`));
  }

  /** The join was accepted. */
  joined(reply: JoinReply<C>): this {
    this.#reply = reply;
    return this;
  }

  /** A frame of this channel's topic came. */
  arrived(frame: Received): void {
    if (frame.event === 'phx_close' || frame.event === 'phx_error') this.#end(frame.event);
    else if (frame.event === 'phx_reply') this.#deliverReply(frame);
    else if (!this.#pushes.arrived(frame)) this.received.push({ event: frame.event, payload: frame.payload });
  }

  /** The socket was closed. */
  socketClosed(code: number): void {
    this.#closedWith = code;
    this.#fail();
  }

  #send(event: string, payload: unknown, ref = this.#host.nextRef()): void {
    this.#host.send({ joinRef: this.joinRef, ref, topic: this.topic, event, payload });
  }

  get #over(): boolean {
    return this.#ended !== null || this.#closedWith !== null;
  }

  /** A reply that no push waits for is kept as a `phx_reply`. */
  #deliverReply(frame: Received): void {
    if (this.#replies.arrived(frame)) return;
    const push = { ...frame, payload: { status: frame.status, response: frame.payload } };
    if (!this.#pushes.arrived(push)) this.received.push({ event: push.event, payload: push.payload });
  }

  #end(event: 'phx_close' | 'phx_error'): void {
    this.#ended = event;
    this.#ends.arrived(event);
    this.#fail();
  }

  #fail(): void {
    for (const waiting of [this.#replies, this.#pushes, this.#ends]) waiting.fail(this.#endError());
  }

  #endError(what = ''): Error {
    const how = this.#ended ?? `the socket was closed with ${this.#closedWith}`;
    const cause = this.#ended === 'phx_error' ? this.#host.lastCrash() : undefined;
    return new Error(`${what}${this.topic} has ended (${how})${cause === undefined ? '' : `: ${inspect(cause, { depth: 0 }).split('\n')[0]}`}`, { cause });
  }

  #listing(): string {
    if (this.received.length === 0) return 'nothing else came';
    return `what came: ${this.received.map(({ event, payload }) => `${event} ${inspect(payload, { depth: 3, breakLength: Infinity })}`).join(', ')}`;
  }
}
