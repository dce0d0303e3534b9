import { MalformedFrame, type ClientMessage, type Ref } from '../message.ts';

const KINDS = { push: 0, reply: 1, broadcast: 2 } as const;
const FIELD_LIMIT = 255;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Encodes a V2 binary frame: kind, one length byte for each field, the fields, the data.
 * Fields are `[join_ref, topic, event]` of a push, `[join_ref, ref, topic, status]` of a reply, `[topic, event]` of a broadcast.
 * @throws RangeError when a field is longer than 255 bytes of UTF-8
 */
export function encodeBinary(kind: keyof typeof KINDS, fields: readonly Ref[], data: Uint8Array): Uint8Array {
  const parts = fields.map((field) => Buffer.from(refText(field), 'utf8'));
  const tooLong = parts.find((part) => part.length > FIELD_LIMIT);
  if (tooLong !== undefined) {
    throw new RangeError(`a field of a binary frame has ${tooLong.length} bytes; at most ${FIELD_LIMIT} fit: ${tooLong.toString().slice(0, 40)}…`);
  }
  return Buffer.concat([Buffer.from([KINDS[kind], ...parts.map((part) => part.length)]), ...parts, data]);
}

/** Decodes a client's binary push, the only kind that clients send. @throws MalformedFrame */
export function decodeBinary(frame: Buffer): ClientMessage {
  if (frame.length < 5 || frame[0] !== KINDS.push) throw new MalformedFrame('a binary frame of a client is a push (kind 0) with four lengths');
  const fields: string[] = [];
  let position = 5;
  for (let index = 1; index <= 4; index += 1) {
    const end = position + frame[index]!;
    if (end > frame.length) throw new MalformedFrame('a binary frame is shorter than its lengths say');
    fields.push(decodeField(frame.subarray(position, end)));
    position = end;
  }
  const [joinRef, ref, topic, event] = fields;
  // A copy: the frame is a view of the transport's receive buffer.
  return { joinRef, ref, topic, event, payload: Uint8Array.prototype.slice.call(frame, position) };
}

function decodeField(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new MalformedFrame('a field of a binary frame is not UTF-8', { cause });
  }
}

/** Refs are strings as a rule; others become their JSON, absent ones are empty. */
function refText(ref: Ref): string {
  if (typeof ref === 'string') return ref;
  return ref === null || ref === undefined ? '' : JSON.stringify(ref);
}
