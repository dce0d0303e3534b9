import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { Frame } from '../../src/engine/message.ts';
import { Batch } from '../../src/engine/transport/batch.ts';

/** The reading half of `ws`, which its types leave out. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** What a WebSocket client makes of bytes. */
function received(bytes: Buffer): (string | Buffer)[] {
  const messages: (string | Buffer)[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, binary: boolean) => messages.push(binary ? data : data.toString()));
  receiver.write(bytes);
  return messages;
}

describe('a batch of frames', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])('frames text and bytes of length %i', (length) => {
    const [text, bytes] = ['x'.repeat(length), Buffer.alloc(length, 7)];
    expect(received(Batch.empty().with(new Frame(text)).bytes(true))).toEqual([text]);
    expect(received(Batch.empty().with(new Frame(bytes)).bytes(false))).toEqual([bytes]);
  });

  it('puts frames in a row, in order, whatever their letters take in UTF-8', () => {
    const batch = Batch.empty().with(new Frame('ein Ä')).with(new Frame(Buffer.from([1, 2]))).with(new Frame('𝄞 日本'));
    expect(received(batch.bytes(true))).toEqual(['ein Ä', Buffer.from([1, 2]), '𝄞 日本']);
  });

  it('is one and the same buffer for all sockets with the same frames', () => {
    const [first, second, other] = [new Frame('1'), new Frame('2'), new Frame('3')];
    const begun = Batch.empty().with(first);
    expect(begun.with(second).bytes(true)).toBe(begun.with(second).bytes(false));
    expect(received(begun.with(other).bytes(true))).toEqual(['1', '3']);
    expect(received(begun.bytes(true))).toEqual(['1']);
  });

  it('takes memory of its own where a socket may hold on to it', () => {
    const [own, room, said] = [Batch.empty().with(new Frame('1')), Batch.empty(), new Frame('for all')];
    expect(own.bytes(false).buffer.byteLength).toBe(3);
    room.with(said);
    expect(room.with(said).bytes(true).buffer.byteLength).toBe(2 + 'for all'.length);
  });
});
