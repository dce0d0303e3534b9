import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Channel } from '../channel.ts';
import type { ChannelContract, EventIn, EventOut, PayloadOut, Schema } from '../contract.ts';
import type { PresenceDiff, Presences } from '../presence/state.ts';

/** The topics of a pattern as a type: `room:{room_id}` takes `room:${string}`. */
export type TopicText<Pattern extends string> = Pattern extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${TopicText<Tail>}`
  : Pattern extends `${infer Head}*`
    ? `${Head}${string}`
    : Pattern;

export type ContractOf<Channels extends readonly Channel<never>[]> = Channels[number]['contract'];

/** Topics of any of the contracts. */
export type TopicOf<C extends ChannelContract> = C extends ChannelContract ? TopicText<C['topic']> : never;

/** The contract, among several, that has a topic. */
export type ContractFor<C extends ChannelContract, Topic extends string> = C extends ChannelContract
  ? Topic extends TopicText<C['topic']>
    ? C
    : never
  : never;

type Input<S> = S extends Schema ? StandardSchemaV1.InferInput<S> : unknown;

/** What a client sends: before the schema turned it into what handlers see. */
export type JoinInput<C extends ChannelContract> = C['join'] extends { params: infer S } ? Input<S> : unknown;
export type EventInput<C extends ChannelContract> = C['in'] extends object ? EventIn<C> : string;
export type PayloadInput<C extends ChannelContract, E extends string> =
  C['in'] extends object ? (C['in'][E & keyof C['in']] extends { payload: infer S } ? Input<S> : unknown) : unknown;

/** What a client gets beside what the contract declares. */
interface EngineEvents {
  presence_state: Presences;
  presence_diff: PresenceDiff;
  /** A reply that no push waits for. */
  phx_reply: { status: string; response: unknown };
}
export type EventReceived<C extends ChannelContract> = EventOut<C> | keyof EngineEvents;
export type PayloadReceived<C extends ChannelContract, E extends string> = E extends keyof EngineEvents ? EngineEvents[E] : PayloadOut<C, E>;
