import type { Moderator } from './moderator.ts';

/** Longest entry, in characters. */
const MAX_ENTRY = 200;
const WORD_CHARACTER = /[\p{L}\p{N}\p{M}]/u;
/** Scripts that put no spaces between words: a word may begin and end anywhere. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

interface Node {
  next: Map<string, Node>;
  /** An entry ends here. */
  ends: boolean;
}

/**
 * Finds words and phrases in texts. Both are compared in compatibility form without case and invisible characters, and what is no
 * letter or digit parts words, so `Bad-Word` is `bad word`. Entries match whole words alone. Takes time in proportion to the text and the
 * longest entry, whatever both hold: no regular expression is made of them.
 */
export function createWordList(entries: Iterable<string>): Moderator {
  const root: Node = { next: new Map(), ends: false };
  for (const entry of entries) {
    const characters = Array.from(comparable(entry)).slice(0, MAX_ENTRY);
    let node = root;
    for (const character of characters) {
      const known = node.next.get(character) ?? { next: new Map(), ends: false };
      node.next.set(character, known);
      node = known;
    }
    if (node !== root) node.ends = true;
  }

  return {
    name: 'words',
    check: async (text) => ({ flagged: hasEntry(Array.from(comparable(text)), root), categories: [] }),
  };
}

/** The entries of a setting, parted by commas, and of a file, one on each line, in which `#` begins a remark. */
export function wordEntries(setting: string | undefined, file: string | undefined): string[] {
  const lines = (file ?? '').split(/\r?\n/).map((line) => line.split('#')[0]!);
  return [...(setting ?? '').split(','), ...lines].filter((entry) => comparable(entry) !== '');
}

function comparable(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim();
}

function hasEntry(text: readonly string[], root: Node): boolean {
  for (let start = 0; start < text.length; start++) {
    if (!isBoundary(text, start)) continue;
    let node: Node | undefined = root;
    for (let at = start; at < text.length; at++) {
      node = node.next.get(text[at]!);
      if (node === undefined) break;
      if (node.ends && isBoundary(text, at + 1)) return true;
    }
  }
  return false;
}

/** Whether a word may begin or end before the character at `index`. */
function isBoundary(text: readonly string[], index: number): boolean {
  const [before, after] = [text[index - 1], text[index]];
  if (before === undefined || after === undefined) return true;
  if (!WORD_CHARACTER.test(before) || !WORD_CHARACTER.test(after)) return true;
  return (SPACELESS.test(before) || SPACELESS.test(after)) && !/\p{M}/u.test(after);
}
