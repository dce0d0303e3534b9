/**
 * A ref or join_ref. Clients send strings; whatever comes is echoed as it came and compared strictly
 * (Phoenix does so: `1` is not `"1"`). Null when absent.
 */
export type Ref = unknown;

/** What a client sent, decoded but not yet checked beyond its outer shape: any field may hold any JSON value. */
export interface ClientMessage {
  joinRef: Ref;
  ref: Ref;
  topic: unknown;
  event: unknown;
  /** JSON, or the bytes of a binary frame. */
  payload: unknown;
}

/** What a server may push or broadcast: a JSON object, or bytes (V2 only). */
export type Payload = object;

/** Statuses of replies; clients know `ok` and `error`, others are passed through. */
export type Status = 'ok' | 'error' | (string & {});

/** An encoded frame. Who gets the same frame gets the same object: by that a transport knows what it can share. */
export class Frame {
  readonly data: string | Uint8Array;
  /** A client that reads too slowly gets the latest frame of each key only; null: it must get this one. */
  volatileKey: string | null = null;

  constructor(data: string | Uint8Array) {
    this.data = data;
  }
}

/** The key of what is volatile: one for each topic and event. */
export function volatileKey(topic: string, event: string): string {
  return JSON.stringify([topic, event]);
}

/** Refs are compared strictly; two objects are the same when their JSON is. */
export function sameRef(a: Ref, b: Ref): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}

/** A frame that is not of the protocol. Phoenix's socket crashes on it: the connection is closed with 1011. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';
}

/** Whether a payload travels as bytes. */
export function isBinary(payload: unknown): payload is Uint8Array {
  return payload instanceof Uint8Array;
}
