import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeQuery } from '../../src/engine/transport/query.ts';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).filter((text) => !/[[\]]/.test(text));
const leaf = fc.string({ unit: 'grapheme', maxLength: 20 });
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(leaf, fc.array(leaf, { minLength: 1, maxLength: 4 }), fc.dictionary(name, tie('value'), { minKeys: 1, maxKeys: 3 })),
}));
const params = fc.dictionary(name, tree.value, { maxKeys: 5, noNullPrototype: true });

/** As phoenix.js and browsers write it. */
function encode(value: unknown, path: string | null): string[] {
  if (typeof value === 'string') return [`${path}=${encodeURIComponent(value)}`];
  if (Array.isArray(value)) return value.flatMap((each) => encode(each, `${path}[]`));
  return Object.entries(value as object).flatMap(([key, each]) => {
    const part = encodeURIComponent(key);
    return encode(each, path === null ? part : `${path}[${part}]`);
  });
}

/** Objects without a prototype are equal to others then. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('decodeQuery', () => {
  it('gives back whatever was encoded', () => {
    fc.assert(
      fc.property(params, (value) => {
        expect(plain(decodeQuery(encode(value, null).join('&')))).toEqual(plain(value));
      }),
    );
  });

  it('decodes any text to an object or to null, and spoils no prototype', () => {
    const text = fc.oneof(fc.string({ maxLength: 200 }), fc.stringMatching(/^(a|b|__proto__|\[|\]|=|&|%|%ff|\+|constructor)*$/));
    fc.assert(
      fc.property(text, (query) => {
        const decoded = decodeQuery(query);
        expect(typeof decoded).toBe('object');
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(({} as Record<string, unknown>)['a']).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['a=1&a=2', { a: '2' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['a', { a: '' }],
    ['=x', { '': 'x' }],
    ['&&a=1&', { a: '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=%zz&b=%', { a: '%zz', b: '%' }],
    ['a[b][c]=1&a[d]=2', { a: { b: { c: '1' }, d: '2' } }],
    ['l[]=1&l[]=2', { l: ['1', '2'] }],
    ['l[][n]=1&l[][n]=2', { l: [{ n: '1' }, { n: '2' }] }],
    ['a[b=1', { 'a[b': '1' }],
    ['vsn[]=2.0.0', { vsn: ['2.0.0'] }],
  ])('%s', (query, expected) => {
    expect(plain(decodeQuery(query))).toEqual(expected);
  });

  it('answers null to bytes that are not UTF-8 and to too many names', () => {
    expect(decodeQuery('a=%ff')).toBeNull();
    expect(decodeQuery('a=1&'.repeat(1_001))).toBeNull();
  });
});
