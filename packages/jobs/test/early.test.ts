import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, setOptions, types } from 'hls-parser';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openStorage, type Storage } from '@armoricore/shared/storage';
import { waitFor } from '../../../test/support/wait.ts';
import { publishEarly } from '../src/media/early.ts';
import type { Encoding } from '../src/media/transcode.ts';
import { AAC, H264, makeClip, pictures, sound } from './support/clips.ts';
import { produce, type Produced } from './support/pipeline.ts';

const PREFIX = 'media/m1/hls';
const { signal } = new AbortController();
let dir: string;
let made: Produced;
let encoding: Encoding;
let storage: Storage;
let run = 0;

beforeAll(async () => {
  setOptions({ strictMode: true });
  dir = await mkdtemp(join(tmpdir(), 'early-'));
  await makeClip([...pictures('426x240', 14), ...sound(14), ...H264, ...AAC], join(dir, 'clip.mp4'));
  made = await produce(join(dir, 'clip.mp4'), join(dir, 'made'), { preset: 'ultrafast' });
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(async () => {
  run += 1;
  const hlsDir = join(dir, `hls-${run}`);
  storage = await openStorage({ STORAGE_DIR: join(dir, `objects-${run}`), SECRET_KEY_BASE: 'x'.repeat(32), PUBLIC_URL: 'http://x', CDN_BASE_URL: undefined, PLAYBACK_URL_TTL_S: 60 });
  const rungs = made.made.renditions.map(({ name, width, height }) => ({ name, width, height, bitrate: 1 }));
  for (const name of [...rungs.map((rung) => rung.name), 'audio']) await mkdir(join(hlsDir, name), { recursive: true });
  encoding = { hlsDir, rungs, frameRate: 30, hasAudio: true };
});

/** Does what the encoder does when it ends its nth segment of a rendition. */
async function endSegment(name: string, n: number): Promise<void> {
  const folder = join(encoding.hlsDir, name);
  const init = (await readdir(join(made.hlsDir, name))).find((file) => file.startsWith('init'))!;
  for (const file of [init, `seg_0000${n}.m4s`]) await copyFile(join(made.hlsDir, name, file), join(folder, file));
  const segments = Array.from({ length: n + 1 }, (_, i) => `#EXTINF:6.000000,\nseg_0000${i}.m4s\n`).join('');
  await writeFile(join(folder, 'index.m3u8'), `#EXTM3U\n#EXT-X-MAP:URI="${init}"\n${segments}`);
}

async function stored(name: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await storage.get(`${PREFIX}/${name}`)).body) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString();
}

test('the smallest rendition and the sound can be played as soon as each has a segment, and grow', async () => {
  const onPlayable = vi.fn();
  const onError = vi.fn();
  const stop = publishEarly(encoding, { storage, prefix: PREFIX, signal, onPlayable, onError });
  await endSegment('144p', 0);
  await endSegment('240p', 0);
  expect(onPlayable).not.toHaveBeenCalled();
  await endSegment('audio', 0);
  await waitFor(() => onPlayable.mock.calls.length > 0, { what: 'it is playable' });

  const master = parse(await stored('master.m3u8'));
  if (!(master instanceof types.MasterPlaylist)) throw new Error('not a master playlist');
  expect(master.variants).toMatchObject([{ uri: '144p/index.m3u8', resolution: { height: 144 }, audio: [{ uri: 'audio/index.m3u8' }] }]);
  const first = await stored('144p/index.m3u8');
  expect(parse(first)).toMatchObject({ endlist: false, playlistType: 'EVENT', targetDuration: 6, segments: [{ uri: 'seg_00000.m4s' }] });
  expect(await storage.stat(`${PREFIX}/144p/index.m3u8`)).toMatchObject({ cacheControl: 'no-cache' });
  expect((await storage.list(PREFIX)).filter((key) => key.includes('240p'))).toEqual([]);

  await endSegment('144p', 1);
  await endSegment('audio', 1);
  await waitFor(async () => (await stored('144p/index.m3u8')).includes('seg_00001'), { what: 'it grows' });
  expect((await stored('144p/index.m3u8')).startsWith(first)).toBe(true);
  expect(await stored('144p/seg_00001.m4s')).toBe(await readFile(join(made.hlsDir, '144p', 'seg_00001.m4s'), 'utf8'));

  await stop();
  await endSegment('144p', 2);
  expect(await stored('144p/index.m3u8')).not.toContain('seg_00002');
  expect([onPlayable.mock.calls.length, onError.mock.calls.length]).toEqual([1, 0]);
});

test('a storage that fails ends it, and not the job', async () => {
  const full = { ...storage, put: () => Promise.reject(new Error('full')) };
  const onError = vi.fn();
  const onPlayable = vi.fn();
  const stop = publishEarly(encoding, { storage: full, prefix: PREFIX, signal, onPlayable, onError });
  await endSegment('144p', 0);
  await endSegment('audio', 0);
  await waitFor(() => onError.mock.calls.length > 0, { what: 'the error' });
  await stop();
  expect(onError.mock.calls).toEqual([[expect.objectContaining({ message: 'full' })]]);
  expect(onPlayable).not.toHaveBeenCalled();
});
