import { join } from 'node:path';
import { z } from 'zod';
import type { JobContext } from '../core/index.ts';
import type { Chunk } from './chunks.ts';
import { withPatience, type Patience } from './patience.ts';
import type { Pcm } from './pcm.ts';
import type { Transcriber, Word } from './transcriber.ts';
import { cleanWords } from './words.ts';

/** How a service that fails is dealt with while a chunk is recognised; the job has tries of its own above that. */
const PATIENCE: Patience = { tries: 4, backoff: { baseMs: 1_000, maxMs: 20_000 }, longestWaitMs: 60_000 };

/** A word as checkpoints hold it: text, start and end in ms. */
const heardSchema = z.object({
  language: z.string().nullable(),
  words: z.array(z.tuple([z.string(), z.number(), z.number()])),
});
type Heard = z.infer<typeof heardSchema>;

export interface Hearing {
  transcriber: Transcriber;
  pcm: Pcm;
  language: string | undefined;
  context: JobContext;
  /** Told after each chunk: 0 to 1. */
  onFraction: (done: number) => Promise<void>;
}

/**
 * Recognises chunk after chunk. Each is kept as a checkpoint, so that a run that follows a crash repeats at most the one that was being
 * recognised. The language of the first chunk that tells one holds for those after it.
 */
export async function hear(chunks: readonly Chunk[], { transcriber, pcm, language, context, onFraction }: Hearing): Promise<{ words: Word[]; language: string | undefined }> {
  const { checkpoint, scratchDir, signal } = context;
  const words: Word[] = [];
  let known = language;
  for (const [index, chunk] of chunks.entries()) {
    const step = `chunk ${chunk.startMs}-${chunk.endMs}`;
    const before = heardSchema.safeParse(await checkpoint.load(step));
    const heard = before.success ? before.data : await recognise(chunk, known);
    if (!before.success) await checkpoint.save(step, heard);
    known ??= heard.language ?? undefined;
    for (const [text, startMs, endMs] of heard.words) words.push({ text, startMs, endMs });
    await onFraction((index + 1) / chunks.length);
  }
  return { words, language: known };

  async function recognise(chunk: Chunk, hint: string | undefined): Promise<Heard> {
    const file = join(scratchDir, 'chunk.wav');
    await pcm.writeWav(chunk, file);
    const transcript = await withPatience(() => transcriber.transcribe(file, { language: hint, signal }), PATIENCE, signal);
    const placed = transcript.words.map((word) => ({ ...word, startMs: chunk.startMs + word.startMs, endMs: chunk.startMs + word.endMs }));
    return {
      language: transcript.language ?? null,
      words: cleanWords(placed, chunk.speech).map(({ text, startMs, endMs }) => [text, startMs, endMs]),
    };
  }
}
