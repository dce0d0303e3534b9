import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, storageConfig } from '@armoricore/shared/config';
import { openStorage, type Storage } from '@armoricore/shared/storage';
import { assertUnbroken, findPart, nearestSource, removeWork, shareSource, storePart } from '../src/media/parts/files.ts';
import { isSeekable } from '../src/media/parts/plan.ts';
import { H264, makeClip, pictures } from './support/clips.ts';

const { signal } = new AbortController();
let home: string;
let storage: Storage;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parts-plan-'));
  storage = await openStorage(loadConfig({ storage: storageConfig }, { STORAGE_DIR: join(home, 'objects'), SECRET_KEY_BASE: 'x'.repeat(32) }).storage);
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('a source can be cut', () => {
  test.each([
    ['when its container has an index and its pictures come steadily', 'clip.mp4', [...pictures('64x64', 8), ...H264], true],
    ['not when a seek in its container is a guess', 'clip.ts', [...pictures('64x64', 8), ...H264], false],
    ['not when a picture stands longer than a part looks back', 'gap.mkv', [...pictures('64x64', 8), '-vf', "select='lt(t,2)+gt(t,5)'", '-fps_mode', 'vfr', ...H264], false],
  ])('%s', async (_what, name, args, expected) => {
    const file = join(home, name);
    await makeClip(args, file);
    expect(await isSeekable(file, 0, { signal })).toBe(expected);
  });
});

describe('the working files of a media', () => {
  test('a part is there when its record is; the end of the job removes it', async () => {
    const part = { media_id: 'm1', folder: 'abc-0' };
    const file = join(home, 'made.mp4');
    await writeFile(file, 'pictures');
    expect(await findPart(storage, part)).toBeUndefined();
    await storePart(storage, part, { file, record: { packets: 3, faults: 1 }, signal });
    expect(await findPart(storage, part)).toEqual({ packets: 3, faults: 1 });

    expect(await storage.list('work/m1')).toEqual(['work/m1/abc-0/made.json', 'work/m1/abc-0/made.mp4']);
    await removeWork(storage, 'm1');
    expect(await storage.list('work/m1')).toEqual([]);
  });

  test('a source from outside is stored once, for all workers', async () => {
    const file = join(home, 'source');
    await writeFile(file, 'a film');
    const outside = 'https://example.test/film.mp4';
    expect(await nearestSource(storage, 'm2', outside)).toBe(outside);
    expect(await shareSource(storage, 'm2', outside, { file, signal })).toBe('work/m2/source');
    expect(await nearestSource(storage, 'm2', outside)).toBe('work/m2/source');
    expect(await shareSource(storage, 'm2', outside, { file: join(home, 'none'), signal })).toBe('work/m2/source');
    expect(await shareSource(storage, 'm2', 'uploads/x', { file, signal })).toBe('uploads/x');
  });

  test('parts that lack pictures are refused, but for those after the end of the video', () => {
    const lacks = expect.objectContaining({ code: 'encoder_failed' }) as Error;
    expect(() => assertUnbroken([{ wanted: 100, made: 100 }, { wanted: 100, made: 40 }, { wanted: Infinity, made: 0 }])).not.toThrow();
    expect(() => assertUnbroken([{ wanted: 100, made: 99 }, { wanted: Infinity, made: 10 }])).toThrow(lacks);
    expect(() => assertUnbroken([{ wanted: 100, made: 101 }])).toThrow(lacks);
  });
});
