import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Refusal } from './refusal.ts';
import type { Payload } from './message.ts';

/** Any schema of a Standard Schema library (zod, valibot, arktype …). */
export type Schema = StandardSchemaV1;

/**
 * A channel as data, safe to import in a browser: what joins it, what comes in, what goes out. Payloads of clients are
 * validated against it; where no schema stands, anything passes and is typed `unknown`.
 */
export interface ChannelContract {
  /** `lobby`, `room:*` or `room:{room_id}`. */
  topic: string;
  join?: { params?: Schema; reply?: Schema };
  /** Events that clients push. */
  in?: Record<string, { payload?: Schema; reply?: Schema }>;
  /** Events that the server pushes or broadcasts: a schema, or a schema and how it travels. */
  out?: Record<string, Schema | OutEvent>;
  /** What is tracked with a presence. */
  presence?: Schema;
}

export interface OutEvent {
  payload: Schema;
  /**
   * Only the latest counts (a cursor, a meter …): while a client reads too slowly, a newer one on the topic takes the place
   * of an older one, instead of both waiting and the client being closed.
   */
  volatile?: boolean;
}

/** Declares a channel. The types of handlers and of pushes follow from it. */
export function defineChannel<const C extends ChannelContract>(contract: C): C {
  return contract;
}

type Output<S, Fallback> = S extends Schema ? StandardSchemaV1.InferOutput<S> : Fallback;

export type JoinParams<C extends ChannelContract> = C['join'] extends { params: infer S } ? Output<S, unknown> : unknown;
export type JoinReply<C extends ChannelContract> = C['join'] extends { reply: infer S } ? Output<S, unknown> : unknown;
export type EventIn<C extends ChannelContract> = keyof C['in'] & string;
export type PayloadIn<C extends ChannelContract, E extends EventIn<C>> = NonNullable<C['in']>[E] extends { payload: infer S } ? Output<S, unknown> : unknown;
export type ReplyTo<C extends ChannelContract, E extends EventIn<C>> = NonNullable<C['in']>[E] extends { reply: infer S } ? Output<S, unknown> : unknown;
/** With no declared `out` events any event may be sent. */
export type EventOut<C extends ChannelContract> = C['out'] extends object ? keyof C['out'] & string : string;
export type PresenceOf<C extends ChannelContract> = C['presence'] extends Schema ? Output<C['presence'], object> & object : object;
export type PayloadOut<C extends ChannelContract, E extends string> =
  C['out'] extends object ? (E extends keyof C['out'] ? Output<SchemaOf<C['out'][E]>, Payload> & Payload : never) : Payload;
type SchemaOf<Declared> = Declared extends OutEvent ? Declared['payload'] : Declared;

/** Whether a contract declares an event of the server volatile. */
export function isVolatile({ out }: ChannelContract, event: string): boolean {
  const declared = out !== undefined && Object.hasOwn(out, event) ? out[event] : undefined;
  return declared !== undefined && 'volatile' in declared && declared.volatile === true;
}

/**
 * Checks a client's payload. A schema that works synchronously answers synchronously.
 * @throws Refusal `invalid_payload` with the first wrong `path` and all `issues` (at most ten)
 */
export function validate(schema: Schema | undefined, value: unknown): unknown {
  if (schema === undefined) return value;
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then(accept) : accept(result);
}

function accept(result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, 10).map(({ path, message }) => ({ path: pathText(path), message }));
  throw new Refusal('invalid_payload', { path: issues[0]?.path ?? '', issues });
}

function pathText(path: StandardSchemaV1.Issue['path']): string {
  return (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
