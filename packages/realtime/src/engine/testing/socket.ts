import type { Channel } from '../channel.ts';
import type { ChannelContract, JoinReply } from '../contract.ts';
import type { Payload } from '../message.ts';
import { Refusal } from '../refusal.ts';
import { TestChannel } from './channel.ts';
import { TestServer, type Wire } from './server.ts';
import type { ContractFor, ContractOf, JoinInput, TopicOf } from './types.ts';
import { decodeFrame, encodeMessage, type Received, type Sent } from './wire.ts';
import { Waiting } from './waiting.ts';

/**
 * A client that is connected to these channels: the true engine and V2 serializer, without a network. A test waits for
 * what it expects and never sleeps.
 *
 *     const socket = testSocket([room], { name: 'anna' });
 *     const lobby = await socket.join('room:lobby', {});
 *     expect(await lobby.push('say', { body: 'hi' })).toEqual({ status: 'ok', response: {} });
 *     expect(await lobby.expectPush('said')).toEqual({ body: 'hi' });
 *
 * @param identity what `connect` would have answered; `options.id` is the socket id
 */
export function testSocket<Identity, const Channels extends readonly Channel<Identity>[]>(
  channels: Channels & readonly Channel<Identity>[],
  identity: Identity,
  options: { id?: string } = {},
): TestSocket<ContractOf<Channels>, Identity> {
  return new TestSocket(new TestServer(channels as unknown as readonly Channel<unknown>[]), identity, options);
}

/** One connection of a test; `another` opens more to the same server. */
export class TestSocket<C extends ChannelContract, Identity> {
  readonly #server: TestServer;
  readonly #wire: Wire;
  readonly #channels = new Map<string, TestChannel>();
  readonly #joins = new Waiting<Received>();
  readonly #close = new Waiting<number>();
  #closedWith: number | null = null;
  #refs = 0;

  /** Use `testSocket` or `another`. */
  constructor(server: TestServer, identity: Identity, { id = null }: { id?: string | null }) {
    this.#server = server;
    const closed = (code: number): void => this.#closed(code);
    this.#wire = server.open({ received: (frame) => this.#received(decodeFrame(frame)), closed }, identity, id);
  }

  /** What handlers of this server threw beside refusals, oldest first. */
  get crashes(): readonly { where: string; thrown: unknown }[] {
    return this.#server.crashes;
  }

  /** Another client of the same server: what one broadcasts reaches the other. */
  another(identity: Identity, options: { id?: string } = {}): TestSocket<C, Identity> {
    return new TestSocket<C, Identity>(this.#server, identity, options);
  }

  /** Joins a topic. @throws Refusal with the reason and details of the error reply */
  async join<Topic extends TopicOf<C>>(
    topic: Topic,
    ...[params]: unknown extends JoinInput<ContractFor<C, Topic>> ? [params?: unknown] : [params: JoinInput<ContractFor<C, Topic>>]
  ): Promise<TestChannel<ContractFor<C, Topic>>> {
    const joinRef = this.#nextRef();
    const answer = this.#joins.next(
      (reply) => reply.ref === joinRef,
      () => `no answer to the join of ${topic}`,
    );
    const channel = new TestChannel<ContractFor<C, Topic>>({ nextRef: () => this.#nextRef(), send: (message) => this.#send(message), lastCrash: () => this.crashes.at(-1)?.thrown }, topic, joinRef);
    this.#channels.set(joinRef, channel);
    this.#send({ joinRef, ref: joinRef, topic, event: 'phx_join', payload: params });
    const { status, payload } = await answer;
    if (status === 'ok') return channel.joined(payload as JoinReply<ContractFor<C, Topic>>);
    this.#channels.delete(joinRef);
    const { reason, ...details } = payload as { reason: string };
    throw new Refusal(reason, details);
  }

  /** Broadcasts as `endpoint.broadcast` does, from outside any channel. */
  broadcast(topic: string, event: string, payload: Payload): void {
    this.#server.broadcast(topic, event, payload);
  }

  /** Goes away as a client does; its channels end with `shutdown:closed`. */
  close(): void {
    this.#wire.close();
    this.#closed(1000);
  }

  /** The code with which the server closes this connection. */
  async expectClose(): Promise<number> {
    return this.#closedWith ?? (await this.#close.next(() => true, () => 'the socket was not closed'));
  }

  #nextRef(): string {
    return String((this.#refs += 1));
  }

  #send(message: Sent): void {
    if (this.#closedWith !== null) throw new Error(`the socket was closed with ${this.#closedWith}`);
    this.#wire.send(encodeMessage(message));
  }

  #received(frame: Received): void {
    if (frame.event === 'phx_reply' && this.#joins.arrived(frame)) return;
    for (const channel of this.#channels.values()) {
      if (channel.topic === frame.topic && (frame.joinRef === null || frame.joinRef === channel.joinRef)) channel.arrived(frame);
      if (channel.ended) this.#channels.delete(channel.joinRef);
    }
  }

  #closed(code: number): void {
    if (this.#closedWith !== null) return;
    this.#closedWith = code;
    const error = new Error(`the socket was closed with ${code}`);
    this.#joins.fail(error);
    for (const channel of this.#channels.values()) channel.socketClosed(code);
    this.#close.arrived(code);
  }
}
