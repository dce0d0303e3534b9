import type { Span } from './transcriber.ts';

/** A piece of sound that is recognised in one go, with the speech in it. Times are in ms of the whole. */
export interface Chunk extends Span {
  speech: Span[];
}

export interface ChunkLimits {
  /** A chunk is closed at the first pause after this length, and at the last before it when there is one, in ms. */
  targetMs: number;
  /** Silence longer than this is in no chunk: recognisers invent words in it. In ms. */
  longestPauseMs: number;
  /** Sound around the speech that is kept, in ms. */
  marginMs: number;
  /** Length of the whole, in ms. */
  durationMs: number;
}

/**
 * Groups speech into chunks that begin and end in silence. A chunk is longer than the target only when one stretch of speech is;
 * those are cut before, where they are quietest (`cutLongSpeech`).
 */
export function planChunks(speech: readonly Span[], { targetMs, longestPauseMs, marginMs, durationMs }: ChunkLimits): Chunk[] {
  const groups: Span[][] = [];
  for (const span of speech) {
    const group = groups.at(-1);
    const fits = group !== undefined && span.endMs - group[0]!.startMs <= targetMs && span.startMs - group.at(-1)!.endMs <= longestPauseMs;
    if (fits) group.push(span);
    else groups.push([span]);
  }
  return groups.map((group, index) => {
    const [first, last] = [group[0]!, group.at(-1)!];
    // Neighbours share the pause between them: no sound is in two chunks.
    const before = groups[index - 1]?.at(-1)?.endMs ?? -Infinity;
    const after = groups[index + 1]?.[0]?.startMs ?? Infinity;
    return {
      startMs: Math.max(0, Math.round(Math.max(first.startMs - marginMs, (before + first.startMs) / 2))),
      endMs: Math.min(durationMs, Math.round(Math.min(last.endMs + marginMs, (last.endMs + after) / 2))),
      speech: group,
    };
  });
}

/**
 * Cuts stretches of speech that are longer than `longestMs`, each where `quietest` finds the least sound in the last quarter before
 * that length.
 */
export async function cutLongSpeech(speech: readonly Span[], longestMs: number, quietest: (within: Span) => Promise<number>): Promise<Span[]> {
  const cut: Span[] = [];
  for (const span of speech) {
    let { startMs } = span;
    while (span.endMs - startMs > longestMs) {
      const at = await quietest({ startMs: startMs + longestMs * 0.75, endMs: startMs + longestMs });
      cut.push({ startMs, endMs: at });
      startMs = at;
    }
    cut.push({ startMs, endMs: span.endMs });
  }
  return cut;
}
