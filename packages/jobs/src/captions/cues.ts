import { breakLines, spaceOf, splitLong } from './lines.ts';
import type { Word } from './transcriber.ts';

/** What is shown at one time: one or two lines. Times are in ms. */
export interface Cue {
  startMs: number;
  endMs: number;
  lines: string[];
}

/** Longest time that a cue is shown, in ms. */
export const LONGEST_MS = 7_000;
/** A pause this long ends a cue, in ms. */
const PAUSE_MS = 800;
/** A cue is shown for so long, if need be a little beyond its last word, in ms. */
const SHORTEST_MS = 1_000;
const LINGER_MS = 400;
/** Ends a sentence, also before a closing quotation mark or bracket. */
const SENTENCE_END = /[.!?…。！？｡؟।۔][)\]"'’”»」』]*$/u;
/** Looks like the end of a sentence and is none. */
const ABBREVIATION = /^(?:\p{L}\.)+$|^(?:mr|mrs|ms|dr|prof|st|vs|etc|no)\.$/iu;

/**
 * Puts words into cues of at most two lines of 42 characters and seven seconds. A cue ends at a pause, at the end of a sentence, and
 * where it is full. Cues do not overlap.
 */
export function toCues(words: readonly Word[], language: string): Cue[] {
  const space = spaceOf(language);
  const cues: Cue[] = [];
  let held: Word[] = [];

  const close = (): void => {
    const lines = breakLines(held.map(({ text }) => text), space);
    if (lines !== undefined && held.length > 0) cues.push({ startMs: held[0]!.startMs, endMs: held.at(-1)!.endMs, lines });
    held = [];
  };

  for (const word of words.flatMap(fitting)) {
    const last = held.at(-1);
    if (last !== undefined && (word.startMs - last.endMs > PAUSE_MS || endsSentence(last.text) || !fits([...held, word], space))) close();
    held.push(word);
  }
  close();
  return cues.map((cue, index) => linger(cue, cues[index + 1]));
}

function fits(words: readonly Word[], space: '' | ' '): boolean {
  return words.at(-1)!.endMs - words[0]!.startMs <= LONGEST_MS && breakLines(words.map(({ text }) => text), space) !== undefined;
}

/** A word that is wider than a line, or that is said for longer than a cue is shown, as several or a shorter one. */
function fitting({ text, startMs, endMs }: Word): Word[] {
  const pieces = splitLong(text);
  const lasting = Math.min(endMs - startMs, LONGEST_MS) / pieces.length;
  return pieces.map((piece, i) => ({ text: piece, startMs: Math.round(startMs + i * lasting), endMs: Math.round(startMs + (i + 1) * lasting) }));
}

function endsSentence(text: string): boolean {
  return SENTENCE_END.test(text) && !ABBREVIATION.test(text);
}

function linger(cue: Cue, next: Cue | undefined): Cue {
  const wanted = Math.min(Math.max(cue.endMs, cue.startMs + SHORTEST_MS), cue.endMs + LINGER_MS);
  return { ...cue, endMs: Math.max(cue.endMs, Math.min(wanted, next?.startMs ?? Infinity)) };
}
