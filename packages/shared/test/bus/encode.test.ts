import { expect, test } from 'vitest';
import { encodeEvent } from '../../src/bus/encode.ts';
import { createEvent } from '../../src/events/index.ts';

const digestOf = (metadata: Record<string, unknown>): string =>
  encodeEvent(createEvent('media.uploaded', { media_id: 'm', user_id: 'u', file_path: 'file://x', metadata }, { source: 'backend' })).digest;

test('the digest of a content stays what it is: the log and the inbox keep it', () => {
  expect(digestOf({ list: [{ z: 1, a: null }], text: 'a "quoted" 🎬 \u0001', at: new Date(0), none: undefined })).toBe('dd9cf60d48d4cfe55b00a9c57f2184dc53ef00494f7b0ba5777df80d36e437fd');
});

test('the order of fields makes no other digest, and any other value does', () => {
  const digest = digestOf({ a: 1, b: { c: 2, 10: 3, 9: 4 } });
  expect(digestOf({ b: { 9: 4, 10: 3, c: 2 }, a: 1 })).toBe(digest);
  for (const other of ['{"a":1,"b":{"c":2,"10":3,"9":5}}', '{"a":1,"b":{"c":2,"10":3,"9":4,"__proto__":{}}}', '{"a":1,"b":{"c":2,"10":3,"9":4,"__proto__":[]}}']) {
    expect(digestOf(JSON.parse(other) as Record<string, unknown>)).not.toBe(digest);
  }
});
