/** What fits on a screen: the measures that broadcasters and streaming services use for subtitles. */
export const LINE_CHARACTERS = 42;
export const LINES = 2;

const SEGMENTER = new Intl.Segmenter('und', { granularity: 'grapheme' });
/** Languages that are written without spaces between words. */
const SPACELESS = new Set(['zh', 'ja', 'th', 'lo', 'km', 'my', 'bo']);

/** What stands between the words of a language. */
export function spaceOf(language: string): '' | ' ' {
  return SPACELESS.has(language.split('-')[0]!.toLowerCase()) ? '' : ' ';
}

/** Characters as people count them. */
export function lengthOf(text: string): number {
  // Only what is beyond Latin can hold characters of several code units.
  return /^[\0-\u02FF]*$/.test(text) ? text.length : [...SEGMENTER.segment(text)].length;
}

/** Pieces of a text that fit a line each. */
export function splitLong(text: string): string[] {
  if (lengthOf(text) <= LINE_CHARACTERS) return [text];
  const characters = [...SEGMENTER.segment(text)].map(({ segment }) => segment);
  return Array.from({ length: Math.ceil(characters.length / LINE_CHARACTERS) }, (_, i) =>
    characters.slice(i * LINE_CHARACTERS, (i + 1) * LINE_CHARACTERS).join(''),
  );
}

/**
 * The words on one line, or on two that are about as long; undefined when they do not fit. Of two ways that are as even, the one
 * with the shorter first line counts.
 */
export function breakLines(words: readonly string[], space: '' | ' '): string[] | undefined {
  const whole = words.join(space);
  if (lengthOf(whole) <= LINE_CHARACTERS) return [whole];
  const lengths = words.map(lengthOf);
  const all = lengths.reduce((sum, length) => sum + length, 0);
  let best: { at: number; longer: number } | undefined;
  let before = 0;
  for (let at = 1; at < words.length; at++) {
    before += lengths[at - 1]!;
    const longer = Math.max(before + (at - 1) * space.length, all - before + (words.length - at - 1) * space.length);
    if (longer <= LINE_CHARACTERS && (best === undefined || longer < best.longer)) best = { at, longer };
  }
  return best === undefined ? undefined : [words.slice(0, best.at).join(space), words.slice(best.at).join(space)];
}
