import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembly, decodeBatch, encodeBroadcast, toPackets } from '../../src/adapters/pubsub/packets.ts';

const broadcast = fc.record(
  { topic: fc.string({ unit: 'binary' }), event: fc.string({ unit: 'binary' }), payload: fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), except: fc.string(), only: fc.array(fc.string()) },
  { requiredKeys: ['topic', 'event', 'payload'] },
);
const asSent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('packets', () => {
  it('bring any batch through, whatever they may hold at most, and are none of them the same', () => {
    fc.assert(
      fc.property(fc.array(broadcast, { minLength: 1, maxLength: 20 }), fc.integer({ min: 70, max: 400 }), (sent, maxBytes) => {
        const packets = [1, 2].flatMap((number) => toPackets(sent.map(encodeBroadcast).join(''), 'node-1', number, maxBytes));
        expect(new Set(packets).size).toBe(packets.length);
        for (const packet of packets) expect(Buffer.byteLength(packet)).toBeLessThanOrEqual(maxBytes);
        const assembly = new Assembly('node-2');
        const batches = packets.flatMap((packet) => assembly.add(packet) ?? []);
        const got = batches.map((batch) => [...decodeBatch(batch, () => true)]);
        expect(got).toEqual([asSent(sent), asSent(sent)]);
      }),
      { numRuns: 300 },
    );
  });

  it('drop a batch of which one is missing, and go on with the next', () => {
    const batch = (event: string): string => encodeBroadcast({ topic: 't', event, payload: { pad: 'ü'.repeat(200) } });
    const first = toPackets(batch('first'), 'a', 1, 128);
    const second = toPackets(batch('second'), 'a', 2, 128);
    const other = toPackets(batch('other'), 'b', 1, 128);
    expect(first.length).toBeGreaterThan(2);
    const assembly = new Assembly('me');
    const mixed = [first[0]!, other[0]!, ...first.slice(2), ...second, ...other.slice(1)];
    expect(mixed.flatMap((packet) => assembly.add(packet) ?? [])).toEqual([batch('second'), batch('other')]);
  });

  it('leave out what is ours and what is none', () => {
    const assembly = new Assembly('me');
    for (const packet of [...toPackets('x', 'me', 1, 100), '', 'a.1.0\nx', 'nothing']) expect(assembly.add(packet)).toBeNull();
  });

  it('carry what nobody listens to no further than its first line', () => {
    const batch = encodeBroadcast({ topic: 'deaf', event: 'x', payload: {} }).replace('{}', 'broken') + encodeBroadcast({ topic: 'heard', event: 'y', payload: {} });
    expect([...decodeBatch(batch, (topic) => topic === 'heard')]).toEqual([{ topic: 'heard', event: 'y', payload: {} }]);
    expect(() => [...decodeBatch('["t","e",null,false]', () => true)]).toThrow(SyntaxError);
  });
});
