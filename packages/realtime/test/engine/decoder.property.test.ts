import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MalformedFrame } from '../../src/engine/message.ts';
import { decodeBinary } from '../../src/engine/serializer/binary.ts';
import { v1 } from '../../src/engine/serializer/v1.ts';
import { v2 } from '../../src/engine/serializer/v2.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const field = fc.string({ maxLength: 60 });

it('decodes any bytes or says MalformedFrame, nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(bytes, fc.json().map((text) => Buffer.from(text))), fc.boolean(), (data, binary) => {
      for (const serializer of [v1, v2]) {
        try {
          serializer.decode(data, binary);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrame);
        }
      }
    }),
    { numRuns: 5_000 },
  );
});

it('decodes every well-formed binary push to its fields and bytes', () => {
  fc.assert(
    fc.property(fc.tuple(field, field, field, field), bytes, (fields, data) => {
      const parts = fields.map((text) => Buffer.from(text));
      fc.pre(parts.every((part) => part.length <= 255 && part.toString() !== '\ufffd'));
      const frame = Buffer.concat([Buffer.from([0, ...parts.map((part) => part.length)]), ...parts, data]);
      const message = decodeBinary(frame);
      expect([message.joinRef, message.ref, message.topic, message.event]).toEqual(parts.map((part) => part.toString().replace(/^\ufeff/, '')));
      expect(Buffer.from(message.payload as Uint8Array)).toEqual(data);
    }),
  );
});
