import type { Frame } from '../message.ts';

/** The bytes that a frame takes on a WebSocket. */
export function wireLength({ data }: Frame): number {
  const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
  return headerLength(length) + length;
}

/** Writes a frame as it goes over a WebSocket (RFC 6455 §5.2: final, unmasked) to `[start, end)`, its `wireLength`. */
export function writeWire({ data }: Frame, target: Buffer, start: number, end: number): void {
  // The length of the header follows from that of the whole, as it grows by steps that leave no doubt.
  const header = end - start < 128 ? 2 : end - start < 65_540 ? 4 : 10;
  const length = end - start - header;
  target[start] = typeof data === 'string' ? 0x81 : 0x82;
  if (header === 2) {
    target[start + 1] = length;
  } else if (header === 4) {
    target[start + 1] = 126;
    target.writeUInt16BE(length, start + 2);
  } else {
    target[start + 1] = 127;
    target.writeBigUInt64BE(BigInt(length), start + 2);
  }
  if (typeof data === 'string') target.write(data, start + header, length, 'utf8');
  else target.set(data, start + header);
}

function headerLength(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}
