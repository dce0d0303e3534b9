import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from '../../src/media/inspect.ts';
import type { ProgressReporter } from '../../src/media/progress.ts';
import type { Source } from '../../src/media/source.ts';
import { transcode, type Recipe, type Transcoded } from '../../src/media/transcode.ts';

export const RECIPE: Recipe = {
  preset: 'veryfast',
  segmentType: 'fmp4',
  maxSide: 2160,
  maxDurationS: 4 * 3600,
  downloads: { video: true, audio: true },
};
const unheard: ProgressReporter = { update: () => undefined, playable: () => undefined, close: async () => undefined };

export interface Produced {
  dir: string;
  hlsDir: string;
  source: Source;
  made: Transcoded;
}

/** Sends a file through the pipeline, without queues and storage, into the new folder `dir`. */
export async function produce(file: string, dir: string, recipe: Partial<Recipe> = {}): Promise<Produced> {
  const { signal } = new AbortController();
  await mkdir(dir, { recursive: true });
  const source = await inspect(file, RECIPE, { signal });
  const made = await transcode(file, source, dir, { recipe: { ...RECIPE, ...recipe }, signal, progress: unheard });
  return { dir, hlsDir: join(dir, 'hls'), source, made };
}
