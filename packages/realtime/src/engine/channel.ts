import type { ChannelContract, EventIn, EventOut, JoinParams, JoinReply, PayloadIn, PayloadOut, PresenceOf, ReplyTo } from './contract.ts';
import type { Payload, Ref, Status } from './message.ts';
import type { PresenceFetch } from './presence/tracker.ts';
import type { PresenceMeta, Presences } from './presence/state.ts';
import { compileTopic, type TopicMatcher, type TopicVars } from './topic.ts';

type MaybePromise<T> = T | Promise<T>;

/** Returned by a handler that sends no reply now: none at all, or later by `request.reply`. */
export const noReply: unique symbol = Symbol('noReply');
export type NoReply = typeof noReply;

/** The connection behind a channel, as its handlers see it. */
export interface SocketInfo<Identity> {
  /** From `connect`; `disconnect` on it closes every connection of that id. */
  readonly id: string | null;
  /** What `connect` found out about the client. */
  readonly identity: Identity;
  readonly transport: string;
  /** Whether it can get payloads of bytes: not over long polling, and not with version 1 of the wire. */
  readonly binary: boolean;
}

/** What a handler works with: one per joined topic and connection. */
export interface ChannelContext<C extends ChannelContract, Identity, Assigns> {
  readonly topic: string;
  readonly vars: TopicVars<C['topic']>;
  readonly joinRef: Ref;
  readonly socket: SocketInfo<Identity>;
  /** From `join`. */
  readonly assigns: Assigns;
  /** Aborts when the channel ends. */
  readonly signal: AbortSignal;
  readonly presence: TopicPresences<PresenceOf<C>>;
  /** Sends to this client alone. */
  push<E extends EventOut<C>>(event: E, payload: PayloadOut<C, E>): void;
  /** Sends to everyone on the topic, this client included. */
  broadcast<E extends EventOut<C>>(event: E, payload: PayloadOut<C, E>): void;
  /** Sends to everyone on the topic but this channel. */
  broadcastFrom<E extends EventOut<C>>(event: E, payload: PayloadOut<C, E>): void;
  /** Runs `task` in the channel's turn (in order with its messages) after `ms`; nothing runs once the channel ended. */
  after(ms: number, task: () => MaybePromise<void>): () => void;
  /** Ends the channel: the client gets `phx_close`, or `phx_error` when `reason` is neither normal nor a shutdown. */
  stop(reason?: string): void;
}

/** Presence on the topic of a channel. What a channel tracks leaves with it. */
export interface TopicPresences<Meta> {
  /** Throws Refusal `already_tracked` when this channel tracks the key. */
  track(key: string, meta: Meta): void;
  /** Replaces the meta. Throws Refusal `nopresence` when this channel does not track the key. */
  update(key: string, meta: Meta): void;
  untrack(key: string): void;
  list(): Presences;
  /** What is tracked of one key, by this channel and others: none when nobody has it. */
  get(key: string): PresenceMeta[];
  /** Pushes `presence_state` to this client: done once, after `join`, by most channels. */
  pushState(): void | Promise<void>;
}

/** One push of a client that may be answered. */
export interface Request<Reply> {
  readonly ref: Ref;
  readonly event: string;
  /** Replies now or later, also more than once. A ref that the client did not send is not answered. */
  reply(response: Reply): void;
  reply(status: Status, response: unknown): void;
}

export interface JoinContext<C extends ChannelContract, Identity> {
  readonly topic: string;
  readonly vars: TopicVars<C['topic']>;
  readonly params: JoinParams<C>;
  readonly socket: SocketInfo<Identity>;
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal;
}

export interface Joined<C extends ChannelContract, Assigns> {
  reply?: JoinReply<C>;
  assigns?: Assigns;
  /**
   * Listened to in place of the channel's own topic, which they may include: for variants of one topic (batched, encoded
   * otherwise …). What is broadcast there comes under the channel's own topic; all who listen to one have joined the same topic.
   */
  topics?: readonly string[];
}

/**
 * The behaviour of a channel. Handlers of one joined channel run one at a time and in order; one that returns no promise
 * stays synchronous. Throw `Refusal` to say no; anything else thrown ends this channel alone (`phx_error`).
 */
export interface ChannelHandlers<C extends ChannelContract, Identity, Assigns> {
  /** Decides who may join. What it returns is the reply and the channel's state. */
  join?(context: JoinContext<C, Identity>): MaybePromise<Joined<C, Assigns> | void>;
  /** Runs right behind the join reply; may push. */
  joined?(channel: ChannelContext<C, Identity, Assigns>, params: JoinParams<C>): MaybePromise<void>;
  /** A handler per event. What it returns is the `ok` reply; nothing returned is `ok {}`. */
  on?: {
    [E in EventIn<C>]: (
      payload: PayloadIn<C, E>,
      channel: ChannelContext<C, Identity, Assigns>,
      request: Request<ReplyTo<C, E>>,
    ) => MaybePromise<ReplyTo<C, E> | NoReply | void>;
  };
  /** Events that no handler has; without this they get `error {reason: "unknown_event"}`. */
  unknown?(payload: unknown, channel: ChannelContext<C, Identity, Assigns>, request: Request<unknown>): MaybePromise<unknown>;
  /** Broadcasts of these events come here instead of going to the client. */
  intercept?: {
    [E in EventOut<C>]?: (payload: PayloadOut<C, E>, channel: ChannelContext<C, Identity, Assigns>) => MaybePromise<void>;
  };
  /** Adds what clients need to know to presences, a whole diff or state at a time. */
  fetchPresence?: PresenceFetch;
  /** Runs once at the end, whatever the reason (not after a duplicate join, as in Phoenix). */
  terminate?(reason: string, channel: ChannelContext<C, Identity, Assigns>): MaybePromise<void>;
}

/** A contract with its behaviour, ready for a socket. */
export interface Channel<Identity, C extends ChannelContract = ChannelContract> {
  readonly contract: C;
  readonly handlers: AnyHandlers<Identity>;
  readonly match: TopicMatcher;
}

/** Handlers with their contract's types erased, as the engine runs them. */
export interface AnyHandlers<Identity> {
  join?(context: JoinContext<ChannelContract, Identity>): MaybePromise<Joined<ChannelContract, unknown> | void>;
  joined?(channel: AnyContext<Identity>, params: unknown): MaybePromise<void>;
  on?: Record<string, (payload: unknown, channel: AnyContext<Identity>, request: Request<unknown>) => unknown>;
  unknown?(payload: unknown, channel: AnyContext<Identity>, request: Request<unknown>): unknown;
  fetchPresence?: PresenceFetch;
  intercept?: Record<string, (payload: Payload, channel: AnyContext<Identity>) => MaybePromise<void>>;
  terminate?(reason: string, channel: AnyContext<Identity>): MaybePromise<void>;
}
export type AnyContext<Identity> = ChannelContext<ChannelContract, Identity, unknown>;

/**
 * A function that joins contracts with handlers for sockets of one `Identity`:
 * `const channel = channelFor<User>(); export const room = channel(roomContract, { join(…) {…}, on: {…} });`
 */
export function channelFor<Identity>() {
  return <C extends ChannelContract, Assigns = undefined>(contract: C, handlers: ChannelHandlers<C, Identity, Assigns>): Channel<Identity, C> => {
    const declared = Object.keys(contract.in ?? {});
    const missing = declared.filter((event) => handlers.on?.[event as EventIn<C>] === undefined);
    if (missing.length > 0) throw new TypeError(`channel ${contract.topic}: no handler for ${missing.join(', ')}; every event of \`in\` needs one in \`on\``);
    return { contract, handlers: handlers as unknown as AnyHandlers<Identity>, match: compileTopic(contract.topic) };
  };
}
