import type { Span, Word } from './transcriber.ts';

/** A word may lie so far outside of the speech that was detected, in ms. */
const SLACK_MS = 300;
/** Longer words are cut, in characters. */
const MAX_WORD = 100;
/** A run of up to so many words that comes so often in succession is a loop of the recogniser, not speech. */
const LONGEST_LOOP = 12;
const LOOP_TIMES = 4;
/** One word alone may be said more often. */
const SINGLE_LOOP_TIMES = 7;

/** Text that captions can hold: one line, no control or direction characters, no half surrogate pairs. */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/[\p{Bidi_Control}\uFEFF\uFFF9-\uFFFB]/gu, '')
    .trim()
    .slice(0, MAX_WORD)
    .toWellFormed();
}

/** Makes what a recogniser says usable: texts are plain, times are in order and inside of the speech; what it says of silence is dropped. */
export function cleanWords(words: readonly Word[], speech: readonly Span[]): Word[] {
  const cleaned: Word[] = [];
  for (const word of words) {
    const text = plainText(word.text);
    if (text === '' || !Number.isFinite(word.startMs) || !Number.isFinite(word.endMs)) continue;
    const within = spanOf(word, speech);
    if (within === undefined) continue;
    const startMs = Math.round(Math.max(word.startMs, within.startMs - SLACK_MS, cleaned.at(-1)?.endMs ?? 0));
    const endMs = Math.round(Math.min(word.endMs, within.endMs + SLACK_MS));
    if (endMs <= startMs) continue;
    cleaned.push({ text, startMs, endMs, ...(word.confidence === undefined ? {} : { confidence: word.confidence }) });
  }
  return cleaned;
}

/** The stretch of speech that a word is in: the one that it shares most time with, or the nearest within the slack. */
function spanOf({ startMs, endMs }: Word, speech: readonly Span[]): Span | undefined {
  let best: Span | undefined;
  let most = -SLACK_MS;
  for (const span of speech) {
    const shared = Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs);
    if (shared > most) [best, most] = [span, shared];
  }
  return best;
}

/** Keeps the first round of what is said over and over without anything between. */
export function dropLoops(words: readonly Word[]): Word[] {
  const said = words.map(({ text }) => text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]/gu, '') || text);
  const kept: Word[] = [];
  for (let at = 0; at < words.length; ) {
    const { length, rounds } = loopAt(said, at);
    kept.push(...words.slice(at, at + length));
    at += length * rounds;
  }
  return kept;
}

/** The shortest loop that begins here, or one word said once. */
function loopAt(said: readonly string[], at: number): { length: number; rounds: number } {
  for (let length = 1; length <= LONGEST_LOOP; length++) {
    let rounds = 1;
    while (isSame(said, at, at + rounds * length, length)) rounds += 1;
    if (rounds >= (length === 1 ? SINGLE_LOOP_TIMES : LOOP_TIMES)) return { length, rounds };
  }
  return { length: 1, rounds: 1 };
}

function isSame(said: readonly string[], a: number, b: number, length: number): boolean {
  if (b + length > said.length) return false;
  for (let i = 0; i < length; i++) if (said[a + i] !== said[b + i]) return false;
  return true;
}
