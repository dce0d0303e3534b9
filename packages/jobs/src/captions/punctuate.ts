import type { Word } from './transcriber.ts';

/** How far a word is looked for in the text. */
const LOOK_AHEAD = 8;

/**
 * Gives words the spelling of the text that they come from: Whisper tells the times of bare words, and capital letters and full
 * stops in the text alone. A word that is not found stays as it is.
 */
export function punctuate(words: readonly Word[], text: string): Word[] {
  const tokens = text.split(/\s+/u).filter((token) => token !== '');
  const bare = tokens.map(bareOf);
  let at = 0;
  return words.map((word) => {
    const wanted = bareOf(word.text);
    const found = wanted === '' ? -1 : bare.slice(at, at + LOOK_AHEAD).indexOf(wanted);
    if (found === -1) return word;
    at += found + 1;
    return { ...word, text: tokens[at - 1]! };
  });
}

function bareOf(token: string): string {
  return token.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]/gu, '');
}
