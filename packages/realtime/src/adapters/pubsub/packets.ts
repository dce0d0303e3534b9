import type { Broadcast } from '../../engine/index.ts';

/** Characters of one batch in parts that are kept until the last one has come. */
const MOST_PENDING = 16 * 1024 * 1024;
/** Nodes of which the parts of a batch are awaited. */
const MOST_SENDERS = 1_000;

/**
 * Writes a broadcast as two lines of JSON: what it is, and what it carries, which only nodes read that have listeners.
 * @throws TypeError when the payload cannot be written
 */
export function encodeBroadcast({ topic, event, payload, except, only }: Broadcast): string {
  const isBytes = payload instanceof Uint8Array;
  const body = isBytes ? Buffer.from(payload).toString('base64') : payload;
  return `${JSON.stringify([topic, event, except ?? null, isBytes, ...(only === undefined ? [] : [only])])}\n${JSON.stringify(body)}\n`;
}

/**
 * Reads the broadcasts of a batch, those of topics that somebody listens to.
 * @throws SyntaxError when it is none
 */
export function* decodeBatch(batch: string, isWanted: (topic: string) => boolean): Generator<Broadcast> {
  for (let start = 0; start < batch.length; ) {
    const middle = batch.indexOf('\n', start);
    const end = batch.indexOf('\n', middle + 1);
    if (middle === -1 || end === -1) throw new SyntaxError('the batch ends in the middle of a broadcast');
    const [topic, event, except, isBytes, only] = JSON.parse(batch.slice(start, middle)) as [string, string, string | null, boolean, string[]?];
    if (isWanted(topic)) {
      const body: unknown = JSON.parse(batch.slice(middle + 1, end));
      const payload = isBytes ? Uint8Array.from(Buffer.from(body as string, 'base64')) : (body as object);
      yield { topic, event, payload, ...(except === null ? {} : { except }), ...(only === undefined ? {} : { only }) };
    }
    start = end + 1;
  }
}

/**
 * Cuts a batch into packets of at most `maxBytes`. Each says whose it is, which batch and which part: no two are the same.
 * @param sender without a full stop
 */
export function toPackets(batch: string, sender: string, number: number, maxBytes: number): string[] {
  const room = maxBytes - sender.length - 40;
  if (batch.length * 3 <= room) return [`${sender}.${number}.0.1\n${batch}`]; // No character is more than three bytes.
  const bytes = Buffer.from(batch);
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + room, bytes.length);
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end -= 1; // Not within a character.
    parts.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return parts.map((part, index) => `${sender}.${number}.${index}.${parts.length}\n${part}`);
}

/** Puts the packets of other nodes together again. */
export class Assembly {
  readonly #own: string;
  readonly #partial = new Map<string, { number: string; parts: string[]; size: number }>();

  /** @param own the sender whose packets are left out */
  constructor(own: string) {
    this.#own = own;
  }

  /** The whole batch with its last packet. A packet that does not follow the one before drops what there was of its batch. */
  add(packet: string): string | null {
    const line = packet.indexOf('\n');
    const [sender = '', number = '', index = '', count = ''] = packet.slice(0, line).split('.');
    if (line === -1 || count === '' || sender === this.#own) return null;
    const part = packet.slice(line + 1);
    if (count === '1') return part;
    const partial = index === '0' ? { number, parts: [], size: 0 } : this.#partial.get(sender);
    this.#partial.delete(sender);
    if (partial === undefined || partial.number !== number || String(partial.parts.length) !== index || partial.size > MOST_PENDING) return null;
    partial.parts.push(part);
    partial.size += part.length;
    if (String(partial.parts.length) === count) return partial.parts.join('');
    if (this.#partial.size < MOST_SENDERS) this.#partial.set(sender, partial);
    return null;
  }
}
