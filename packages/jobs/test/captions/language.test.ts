import { expect, test } from 'vitest';
import { languageOf, nameOf, recognisedLanguage } from '../../src/captions/language.ts';
import { punctuate } from '../../src/captions/punctuate.ts';

test('tags of languages get their usual spelling and a name for menus', () => {
  expect(['EN', 'pt-br', 'zh-hans-cn'].map(languageOf)).toEqual(['en', 'pt-BR', 'zh-Hans-CN']);
  expect(['en', 'de', 'pt-BR', 'und'].map(nameOf)).toEqual(['English', 'Deutsch', 'Português (Brasil)', 'Captions']);
  expect(() => languageOf('e')).toThrow(expect.objectContaining({ code: 'invalid_payload' }));
});

test('a recogniser may call a language by its code or its English name', () => {
  expect(['english', 'German', 'portuguese', 'de', 'yue', 'ZH-hans'].map(recognisedLanguage)).toEqual(['en', 'de', 'pt', 'de', 'yue', 'zh-Hans']);
  expect(['', '<script>', 'nonsense language', '../../etc'].map(recognisedLanguage)).toEqual([undefined, undefined, undefined, undefined]);
});

test('words get the spelling of the text that they come from, and stay as they are where it differs', () => {
  const bare = (text: string) => text.split(' ').map((word, i) => ({ text: word, startMs: i, endMs: i + 1 }));
  const spelt = (words: string, text: string): string => punctuate(bare(words), text).map((word) => word.text).join(' ');
  expect(spelt('hello mr smith how are you', 'Hello, Mr. Smith! How are you?')).toBe('Hello, Mr. Smith! How are you?');
  expect(spelt('it is 9 30 now', "It's 9:30 now.")).toBe('it is 9 30 now.');
  expect(spelt('a b c', '')).toBe('a b c');
});
