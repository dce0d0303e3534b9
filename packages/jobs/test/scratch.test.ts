import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createScratch } from '../src/core/scratch.ts';

const NO_SUCH_PROCESS = 2 ** 22 + 1; // Over Linux' highest process id.
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scratch-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('a sweep removes the folders of processes that are gone, and nothing else', async () => {
  const gone = [`run-${NO_SUCH_PROCESS}-abc-x`, `run-${process.pid}-0-x`];
  const kept = [`run-${process.ppid}-abc-x`, 'notes'];
  for (const name of [...gone, ...kept]) await mkdir(join(root, name));
  await writeFile(join(root, gone[0]!, 'half.mp4'), 'x');
  const scratch = createScratch(root);
  await scratch.within(async (dir) => {
    expect((await readdir(root)).length).toBe([...gone, ...kept].length); // None is made before it is asked for.
    dir();
    await scratch.sweep();
    expect((await readdir(root)).toSorted()).toEqual([...kept, dir().slice(root.length + 1)].toSorted());
  });
  expect((await readdir(root)).toSorted()).toEqual(kept.toSorted());
});

test('a folder is removed also when the work fails', async () => {
  const work = createScratch(root).within(async (dir) => {
    await writeFile(join(dir(), 'half.mp4'), 'x');
    throw new Error('broken');
  });
  await expect(work).rejects.toThrow('broken');
  expect(await readdir(root)).toEqual([]);
});
