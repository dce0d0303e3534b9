import { noReply, type JoinContext, type Request, type SocketInfo } from './channel.ts';
import type { ChannelContract } from './contract.ts';
import type { ChannelInstance } from './instance.ts';
import type { Ref, Status } from './message.ts';
import { refusalOf } from './refusal.ts';

/** A join on its way through its handler. */
export class JoinRequest implements JoinContext<ChannelContract, unknown> {
  readonly topic: string;
  readonly vars: never;
  readonly params: never;
  readonly socket: SocketInfo<never>;
  readonly #instance: ChannelInstance;

  constructor(instance: ChannelInstance, params: unknown) {
    this.topic = instance.topic;
    this.vars = instance.vars;
    this.params = params as never;
    this.socket = instance.socket;
    this.#instance = instance;
  }

  get signal(): AbortSignal {
    return this.#instance.signal;
  }
}

/** A push of a client on its way through a handler. */
export class PushRequest implements Request<unknown> {
  readonly event: string;
  readonly ref: Ref;
  readonly #instance: ChannelInstance;
  #answered = false;

  constructor(instance: ChannelInstance, event: string, ref: Ref) {
    this.#instance = instance;
    this.event = event;
    this.ref = ref;
  }

  reply(...args: [response: unknown] | [status: Status, response: unknown]): void {
    this.#answered = true;
    const [status, response] = args.length === 2 ? args : (['ok', args[0]] as const);
    const { serializer, joinRef, topic, ended } = this.#instance;
    if (ended || this.ref === null || this.ref === undefined) return;
    const frame = serializer.reply(joinRef, this.ref, topic, status, response ?? {});
    if (frame === null) throw new TypeError(`the reply to ${this.event} is bytes, which a V1 client cannot get`);
    this.#instance.send(frame);
  }

  /** The handler returned: `undefined` means `ok {}`, unless it replied itself. */
  settle(result: unknown): void {
    if (result === noReply || (result === undefined && this.#answered)) return;
    this.reply(result ?? {});
  }

  /** The handler threw: a refusal is the reply, anything else is for the mailbox to crash on. */
  refuse(thrown: unknown): void {
    const refusal = refusalOf(thrown);
    if (refusal === null) throw thrown;
    this.reply('error', refusal.toResponse());
  }
}
