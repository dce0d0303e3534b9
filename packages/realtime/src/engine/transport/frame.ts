import type { Frame } from '../message.ts';

/** The bytes of a frame on a WebSocket (RFC 6455 §5.2: final, unmasked), made once and kept with the frame. */
export function wireOf(frame: Frame): Buffer {
  return (frame.wire ??= encode(frame.data));
}

function encode(data: string | Uint8Array): Buffer {
  const text = typeof data === 'string';
  const length = text ? Buffer.byteLength(data) : data.length;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const wire = Buffer.allocUnsafeSlow(header + length);
  wire[0] = text ? 0x81 : 0x82;
  if (header === 2) {
    wire[1] = length;
  } else if (header === 4) {
    wire[1] = 126;
    wire.writeUInt16BE(length, 2);
  } else {
    wire[1] = 127;
    wire.writeBigUInt64BE(BigInt(length), 2);
  }
  if (text) wire.write(data, header);
  else wire.set(data, header);
  return wire;
}
