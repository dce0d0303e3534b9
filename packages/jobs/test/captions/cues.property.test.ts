import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutLongSpeech, planChunks } from '../../src/captions/chunks.ts';
import { toCues, type Cue } from '../../src/captions/cues.ts';
import { subRip, webVtt } from '../../src/captions/formats.ts';
import { breakLines, lengthOf, splitLong } from '../../src/captions/lines.ts';
import { subtitleRendition } from '../../src/captions/rendition.ts';
import type { Span, Word } from '../../src/captions/transcriber.ts';
import { cleanWords, dropLoops, plainText } from '../../src/captions/words.ts';
import { parseVtt } from '../support/speech.ts';

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
  fc.constantFrom('end.', 'what?', 'Mr.', 'e.g.', 'x'.repeat(60), '日本語', '👩‍👩‍👧', '-->', '<script>', '{\\an8}', '&amp;', '\0', 'two\nlines', '\u202Eevil', '\uD800'),
  fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
);
const gap = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) }, { weight: 1, arbitrary: fc.integer({ min: 801, max: 20_000 }) });
const lasting = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 900 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 12_000 }) });

/** Words in order, as they come out of a recogniser that means well. */
const spoken = fc.array(fc.record({ text, gap, lasting }), { maxLength: 60 }).map((list) => {
  let at = 0;
  return list.map((one): Word => {
    const startMs = at + one.gap;
    at = startMs + one.lasting;
    return { text: one.text, startMs, endMs: at };
  });
});
/** Words of one that does not. */
const anything = fc.array(
  fc.record({ text, startMs: fc.oneof(fc.integer({ min: -1_000, max: 60_000 }), fc.constant(NaN)), endMs: fc.oneof(fc.integer({ min: -1_000, max: 60_000 }), fc.constant(Infinity)) }),
  { maxLength: 60 },
);
const speech = fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 100, max: 9_000 })), { maxLength: 20 }).map((list) => {
  let at = 0;
  return list.map(([pause, length]): Span => {
    const startMs = at + pause;
    at = startMs + length;
    return { startMs, endMs: at };
  });
});

const everywhere: Span[] = [{ startMs: 0, endMs: 10_000_000 }];
const cleaned = spoken.map((words) => cleanWords(words, everywhere));
const squeezed = (words: readonly string[]): string => words.join('').replaceAll(' ', '');

describe('cues', () => {
  test('fit the screen, keep all words in order, and do not overlap', () => {
    fc.assert(
      fc.property(cleaned, fc.constantFrom('en', 'ja', 'und'), (words, language) => {
        const cues = toCues(words, language);
        expect(squeezed(cues.flatMap(({ lines }) => lines))).toBe(squeezed(words.map((word) => word.text)));
        cues.forEach(({ startMs, endMs, lines }, i) => {
          expect(lines.length).toBeLessThanOrEqual(2);
          for (const line of lines) expect(lengthOf(line)).toBeLessThanOrEqual(42);
          expect(endMs - startMs).toBeGreaterThan(0);
          expect(endMs - startMs).toBeLessThanOrEqual(7_400);
          expect(startMs).toBeGreaterThanOrEqual(cues[i - 1]?.endMs ?? 0);
        });
      }),
    );
  });

  test('are shown while they are spoken, and at most a little longer', () => {
    fc.assert(
      fc.property(cleaned, (words) => {
        for (const { startMs, endMs } of toCues(words, 'en')) {
          // A long word that was said in an instant is cut into pieces which begin, rounded, where it ends.
        const within = words.filter((word) => word.endMs >= startMs && word.startMs < endMs);
          expect(startMs).toBeGreaterThanOrEqual(within[0]!.startMs);
          expect(endMs).toBeLessThanOrEqual(Math.max(...within.map((word) => word.endMs)) + 400);
        }
      }),
    );
  });

  test('end with a sentence and at a pause, and are not broken in between', () => {
    const words = 'Dr. Who came home. He slept | well'.split(' ').filter((word) => word !== '|');
    const timed = words.map((word, i): Word => ({ text: word, startMs: i * 400 + (word === 'well' ? 2_000 : 0), endMs: i * 400 + 300 + (word === 'well' ? 2_000 : 0) }));
    expect(toCues(timed, 'en').map(({ lines }) => lines)).toEqual([['Dr. Who came home.'], ['He slept'], ['well']]);
  });

  test('have lines of about the same length', () => {
    const words = 'it was the best of times it was the worst of times'.split(' ');
    expect(breakLines(words, ' ')).toEqual(['it was the best of times', 'it was the worst of times']);
    expect(splitLong('x'.repeat(100)).map(lengthOf)).toEqual([42, 42, 16]);
    expect(breakLines(['字'.repeat(30), '字'.repeat(20)], '')).toEqual(['字'.repeat(30), '字'.repeat(20)]);
  });
});

describe('words', () => {
  test('are in order, inside of the speech and plain, whatever a recogniser says', () => {
    fc.assert(
      fc.property(anything, speech, (words, spans) => {
        let last = 0;
        for (const word of cleanWords(words, spans)) {
          expect(word.startMs).toBeGreaterThanOrEqual(last);
          expect(word.endMs).toBeGreaterThan(word.startMs);
          expect(spans.some(({ startMs, endMs }) => word.endMs > startMs - 300 && word.startMs < endMs + 300)).toBe(true);
          expect(word.text).toBe(plainText(word.text));
          expect(word.text).not.toMatch(/[\p{Cc}\p{Bidi_Control}]|^\s|\s$/u);
          last = word.endMs;
        }
      }),
    );
  });

  test('of a loop are kept once, and what people do repeat stays', () => {
    const said = (words: string): string => dropLoops(words.split(' ').map((word, i) => ({ text: word, startMs: i, endMs: i + 1 }))).map((word) => word.text).join(' ');
    expect(said('so Thank you. Thank you. thank you. Thank you. Thank you. then')).toBe('so Thank you. then');
    expect(said('you you you you you you you you')).toBe('you');
    expect(said('no no no never ever never ever')).toBe('no no no never ever never ever');
    expect(said('a b a b a c')).toBe('a b a b a c');
  });
});

describe('chunks', () => {
  const limits = { targetMs: 30_000, longestPauseMs: 2_000, marginMs: 250, durationMs: 10_000_000 };

  test('hold all speech once, cut in silence alone, in pieces that are not too long', () => {
    fc.assert(
      fc.property(speech, (spans) => {
        const chunks = planChunks(spans, limits);
        expect(chunks.flatMap((chunk) => chunk.speech)).toEqual(spans);
        chunks.forEach((chunk, i) => {
          expect(chunk.startMs).toBeLessThanOrEqual(chunk.speech[0]!.startMs);
          expect(chunk.endMs).toBeGreaterThanOrEqual(chunk.speech.at(-1)!.endMs);
          expect(chunk.startMs).toBeGreaterThanOrEqual(chunks[i - 1]?.endMs ?? 0);
          expect(chunk.endMs - chunk.startMs).toBeLessThanOrEqual(limits.targetMs + 2 * limits.marginMs);
        });
      }),
    );
  });

  test('of speech without a pause are cut where it is quietest', async () => {
    const asked: Span[] = [];
    const cut = await cutLongSpeech([{ startMs: 0, endMs: 150_000 }], 60_000, async (within) => {
      asked.push(within);
      return within.startMs + 5_000;
    });
    expect(asked).toEqual([{ startMs: 45_000, endMs: 60_000 }, { startMs: 95_000, endMs: 110_000 }]);
    expect(cut).toEqual([{ startMs: 0, endMs: 50_000 }, { startMs: 50_000, endMs: 100_000 }, { startMs: 100_000, endMs: 150_000 }]);
  });
});

describe('files', () => {
  const cues = cleaned.map((words) => toCues(words, 'en'));

  test('of WebVTT say what the cues say, with nothing in them that players take for markup', () => {
    fc.assert(
      fc.property(cues, (list) => {
        const file = webVtt(list);
        expect(file.match(/-->/g) ?? []).toHaveLength(list.length);
        expect(file).not.toContain('<');
        const read = parseVtt(file).map(({ startS, endS, lines }): Cue => {
          const plain = lines.map((line) => line.replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&'));
          return { startMs: Math.round(startS * 1000), endMs: Math.round(endS * 1000), lines: plain };
        });
        expect(read).toEqual(list);
      }),
    );
  });

  test('of SubRip are numbered and hold neither tags nor arrows of their own', () => {
    fc.assert(
      fc.property(cues, (list) => {
        const blocks = subRip(list).trimEnd().split('\n\n').filter((block) => block !== '');
        expect(blocks).toHaveLength(list.length);
        blocks.forEach((block, i) => {
          const [number, times, ...lines] = block.split('\n');
          expect(number).toBe(String(i + 1));
          expect(times).toMatch(/^\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}$/);
          expect(lines.join('')).not.toMatch(/[<>{}]/);
        });
      }),
    );
  });

  test('of a rendition hold each cue in every segment that it is shown in', () => {
    const durations = fc.array(fc.constantFrom(6, 6.006, 5.99, 2), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(cues, durations, (list, lengths) => {
        const { segments, playlist } = subtitleRendition(list, lengths);
        expect(playlist.match(/seg_\d{5}\.vtt/g)).toEqual(segments.map(({ uri }) => uri));
        let from = 0;
        segments.forEach(({ body }, i) => {
          const until = i === lengths.length - 1 ? Infinity : from + lengths[i]! * 1000;
          const wanted = list.filter(({ startMs, endMs }) => startMs < until && endMs > from).map(({ startMs }) => startMs);
          expect(body.split('\n')[1]).toBe('X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000');
          expect(parseVtt(body).map(({ startS }) => Math.round(startS * 1000))).toEqual(wanted);
          from = until;
        });
      }),
    );
  });
});
