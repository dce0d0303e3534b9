import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWordList, wordEntries } from '../../src/moderation/word-list.ts';

const { signal } = new AbortController();
const flags = async (entries: string[], text: string): Promise<boolean> => (await createWordList(entries).check(text, { signal })).flagged;

test.each([
  ['a word', 'cheat', 'You CHEAT!', true],
  ['not a part of a word', 'cheat', 'cheater, escheat', false],
  ['a phrase over any signs', 'bad word', 'a bad-\n word', true],
  ['a phrase in its order alone', 'bad word', 'word bad', false],
  ['full-width letters', 'cheat', 'ｃｈｅａｔ', true],
  ['letters that were put together', 'café', 'cafe\u0301 au lait', true],
  ['with invisible characters in it', 'cheat', 'ch\u200Bea\u00ADt', true],
  ['not one that only begins so', 'cafe', 'cafe\u0301', false],
  ['Cyrillic', 'слово', 'Плохое СЛОВО.', true],
  ['not a part of a Cyrillic word', 'слово', 'словосочетание', false],
  ['Arabic', 'كلمة', 'هذه كلمة سيئة', true],
  ['Hindi, with its signs of vowels', 'हिन्दी', 'यह हिन्दी है', true],
  ['Chinese, which has no spaces', '坏话', '他说坏话了', true],
  ['Japanese', 'ばか', 'おまえはばかだ', true],
  ['Thai', 'คำหยาบ', 'นี่คือคำหยาบครับ', true],
  ['a sign of regular expressions is just a sign', 'a.c', 'abc', false],
  ['digits', '88', 'the 88 keys', true],
  ['not a part of a number', '88', '1988', false],
])('finds %s', async (_what, entry, text, found) => {
  expect(await flags([entry], text)).toBe(found);
});

test('entries are parted by commas, or by lines with remarks', () => {
  expect(wordEntries('one, two words ,,', '# a list\nthree # a remark\r\n\n  \nfour')).toEqual(['one', ' two words ', 'three ', 'four']);
  expect(wordEntries(undefined, undefined)).toEqual([]);
});

test('finds an entry wherever it stands between other words, and nothing in a text without it', async () => {
  const word = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', 'b', 'c', 'd', 'e') });
  const words = fc.array(word, { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(words, words, fc.array(word, { minLength: 1, maxLength: 3 }), async (before, after, entry) => {
      expect(await flags([entry.join(' ')], [...before, ...entry, ...after].join(' ! '))).toBe(true);
      const others = [...before, ...after].filter((one) => !entry.includes(one));
      expect(await flags([entry.join(' ')], others.join(' '))).toBe(false);
    }),
  );
});

test('gets through a text that begins entries over and over', async () => {
  const entries = [...Array.from({ length: 200 }, (_, i) => `${'a'.repeat(i + 1)}b`), `${'a '.repeat(90)}b`];
  expect(await flags(entries, `${'a'.repeat(8_000)} ${'a '.repeat(4_000)}`)).toBe(false);
});
