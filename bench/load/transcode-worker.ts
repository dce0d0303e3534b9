/**
 * `plan CLIP DIR FILE` writes the arguments of the bare ffmpeg command; `job CLIP DIR FILE` does the media job from the fetch of its
 * source to the upload of the last playlist, on an embedded storage, and writes what its own start took, which a worker does once.
 */
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openStorage } from '@armoricore/shared/storage';
import { ladderArguments, MEDIA_PLAYLIST } from '../../packages/jobs/src/ffmpeg/arguments.ts';
import { publishEarly } from '../../packages/jobs/src/media/early.ts';
import { inspect } from '../../packages/jobs/src/media/inspect.ts';
import { planLadder } from '../../packages/jobs/src/media/ladder.ts';
import { makeFolders } from '../../packages/jobs/src/media/package-hls.ts';
import { withinQuota } from '../../packages/jobs/src/media/quota.ts';
import { transcode, type Recipe } from '../../packages/jobs/src/media/transcode.ts';
import { uploadAll } from '../../packages/jobs/src/media/upload.ts';

const recipe: Recipe = { preset: 'veryfast', segmentType: 'fmp4', maxSide: 2160, maxDurationS: 3600, downloads: { video: false, audio: true } };
const [mode, clip, dir, out] = process.argv.slice(2) as [string, string, string, string];
const { signal } = new AbortController();
await mkdir(dir, { recursive: true });
if (mode === 'plan') await plan();
else {
  const { user, system } = process.cpuUsage();
  await writeFile(out, JSON.stringify({ cpuS: (user + system) / 1e6, wallS: performance.now() / 1000 }));
  await job();
}

async function plan(): Promise<void> {
  const source = await inspect(clip, recipe, { signal });
  const { video } = source;
  if (video === undefined) throw new Error('the clip has no pictures');
  const rungs = planLadder({ ...video, frameRate: video.outputRate.value });
  await makeFolders(dir, rungs, true);
  const args = ['-v', 'error', '-nostdin', '-y', '-i', clip, ...ladderArguments(source, rungs, dir, recipe), path.join(dir, '%v', MEDIA_PLAYLIST)];
  await writeFile(out, JSON.stringify({ args }));
}

async function job(): Promise<void> {
  const scratch = path.join(dir, 'scratch');
  const output = path.join(scratch, 'output');
  await mkdir(output, { recursive: true });
  const storage = await openStorage({
    STORAGE_DIR: path.join(dir, 'objects'),
    SECRET_KEY_BASE: 'x'.repeat(32),
    PUBLIC_URL: 'http://localhost',
    CDN_BASE_URL: undefined,
    PLAYBACK_URL_TTL_S: 60,
  });
  await storage.put('uploads/bench', createReadStream(clip), { contentType: 'video/mp4' });
  const progress = { update: () => undefined, playable: () => undefined, close: async () => undefined };
  await withinQuota(scratch, 64 * 1024 ** 3, signal, async (within) => {
    const file = path.join(scratch, 'source');
    await storage.download('uploads/bench', file, { signal: within });
    const source = await inspect(file, recipe, { signal: within });
    const onError = (error: unknown): void => {
      throw error;
    };
    const early = { storage, prefix: 'media/bench/hls', signal: within, onPlayable: () => undefined, onError };
    await transcode(file, source, output, { recipe, signal: within, progress, watch: (encoding) => publishEarly(encoding, early) });
    await uploadAll(storage, output, 'media/bench', { signal: within, onFraction: () => undefined });
  });
}
