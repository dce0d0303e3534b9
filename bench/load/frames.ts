/** A client's text frame (RFC 6455). The mask is four zeros, which is legal and leaves the text as it is. */
export function clientFrame(text: string, opcode = 1): Buffer {
  const data = Buffer.from(text);
  const long = data.length > 125;
  if (data.length > 65_535) throw new RangeError('a frame of the load generator has at most 65,535 bytes');
  const header = Buffer.alloc(long ? 8 : 6);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (long ? 126 : data.length);
  if (long) header.writeUInt16BE(data.length, 2);
  return Buffer.concat([header, data]);
}

/** Frames of the peers' own housekeeping (pings of Socket.IO, control frames) are shorter than any payload of a run. */
const SHORTEST = 16;

/** Cuts what a server sends into frames. It counts them, and hands them out only while somebody looks. */
export class FrameReader {
  /** May be shared by many readers. */
  tally = { count: 0 };
  look: ((payload: Buffer) => void) | null = null;
  #rest: Buffer | null = null;

  read(chunk: Buffer): void {
    const data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 2 <= data.length) {
      const short = data[at + 1]! & 0x7f;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (at + header > data.length) break;
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
      const end = at + header + length;
      if (end > data.length) break;
      if (length >= SHORTEST) this.tally.count += 1;
      this.look?.(data.subarray(at + header, end));
      at = end;
    }
    this.#rest = at === data.length ? null : data.subarray(at);
  }
}
