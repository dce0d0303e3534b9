import type { ClientMessage, Frame, Payload, Ref, Status } from '../message.ts';
import { v1 } from './v1.ts';
import { v2 } from './v2.ts';

/** One version of the wire. The encoders answer null for what the version cannot carry (bytes on V1). */
export interface Serializer {
  readonly version: 1 | 2 | 'direct';
  /** @throws MalformedFrame */
  decode(data: Buffer, binary: boolean): ClientMessage;
  push(joinRef: Ref, ref: Ref, topic: string, event: string, payload: Payload): Frame | null;
  reply(joinRef: Ref, ref: Ref, topic: unknown, status: Status, response: unknown): Frame | null;
  broadcast(topic: string, event: string, payload: Payload): Frame | null;
}

/**
 * The serializer of a `vsn` parameter as Phoenix chooses it: `~> 1.0.0` or `~> 2.0.0`; absent means 1.0.0.
 * Null for any other version, which refuses the connection.
 */
export function serializerFor(vsn: unknown): Serializer | null {
  if (vsn === undefined) return v1;
  if (typeof vsn !== 'string') return null;
  if (/^1\.0\.\d+$/.test(vsn)) return v1;
  if (/^2\.0\.\d+$/.test(vsn)) return v2;
  return null;
}
