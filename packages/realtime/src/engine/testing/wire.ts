import { isBinary, type Frame } from '../message.ts';

/** A frame as a V2 client sees it. A reply has `status` beside its payload, which is the response then. */
export interface Received {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  status?: string;
  payload: unknown;
}

/** What a V2 client sends. */
export interface Sent {
  joinRef: string;
  ref: string;
  topic: string;
  event: string;
  payload: unknown;
}

export interface ClientFrame {
  data: Buffer;
  binary: boolean;
}

/** Encodes a message as phoenix.js does: bytes travel in a binary frame. */
export function encodeMessage({ joinRef, ref, topic, event, payload }: Sent): ClientFrame {
  if (!isBinary(payload)) return { data: Buffer.from(JSON.stringify([joinRef, ref, topic, event, payload ?? {}])), binary: false };
  const fields = [joinRef, ref, topic, event].map((field) => Buffer.from(field));
  return { data: Buffer.concat([Uint8Array.from([0, ...fields.map((field) => field.length)]), ...fields, payload]), binary: true };
}

/** Decodes what the V2 serializer of the engine made. */
export function decodeFrame({ data }: Frame): Received {
  if (typeof data !== 'string') return decodeBinary(data);
  const [joinRef, ref, topic, event, payload] = JSON.parse(data) as [string | null, string | null, string, string, unknown];
  if (event !== 'phx_reply') return { joinRef, ref, topic, event, payload };
  const { status, response } = payload as { status: string; response: unknown };
  return { joinRef, ref, topic, event, status, payload: response };
}

/** How many fields follow each kind: push, reply, broadcast. */
const FIELDS = [3, 4, 2] as const;

function decodeBinary(data: Uint8Array): Received {
  const kind = data[0] as 0 | 1 | 2;
  let position = 1 + FIELDS[kind];
  const fields = [...data.subarray(1, position)].map((length) => {
    const field = Buffer.from(data.subarray(position, position + length)).toString();
    position += length;
    return field;
  }) as [string, string, string, string];
  const payload = data.subarray(position);
  const [a, b, c, d] = fields;
  if (kind === 0) return { joinRef: a, ref: null, topic: b, event: c, payload };
  if (kind === 1) return { joinRef: a, ref: b, topic: c, event: 'phx_reply', status: d, payload };
  return { joinRef: null, ref: null, topic: a, event: b, payload };
}
