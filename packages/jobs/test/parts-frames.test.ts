import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUDIO_NAME, gopFrames, ladderArguments, MEDIA_PLAYLIST } from '../src/ffmpeg/arguments.ts';
import { concatInput, concatList, joinArguments, partArguments, soundArguments, type Stretch } from '../src/ffmpeg/parts.ts';
import { encode } from '../src/ffmpeg/run.ts';
import { inspect } from '../src/media/inspect.ts';
import { planLadder } from '../src/media/ladder.ts';
import { makeFolders } from '../src/media/package-hls.ts';
import { cutFrames } from '../src/media/parts/plan.ts';
import { AAC, H264, makeClip, packetsOf, pictures, sound } from './support/clips.ts';
import { RECIPE } from './support/pipeline.ts';

const run = promisify(execFile);
const { signal } = new AbortController();

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parts-frames-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const SOURCES: Record<string, string[]> = {
  'a steady rate of 30000/1001, with B-frames': [...pictures('320x180', 13, '30000/1001'), ...sound(13), ...H264, '-bf', '2', '-g', '100', ...AAC],
  // With holes where parts begin.
  'a varying rate': [...pictures('320x180', 13), '-vf', "select='(not(mod(n,7))+mod(n,3)*gt(n,90))*(1-between(t,3.1,4.9)-between(t,7.2,8.8))'", '-fps_mode', 'vfr', ...H264, '-g', '50'],
  'open groups of pictures': [
    ...[...pictures('320x180', 13, '25'), '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast'],
    ...['-x264-params', 'open-gop=1:keyint=40:bframes=3:b-adapt=0:scenecut=0'],
  ],
  'twice the rate of its renditions': [...pictures('320x180', 13, '120'), ...H264],
};

/** The options as they are, but without any loss, so that pictures can be compared bit by bit. */
const lossless = (options: readonly string[]): string[] =>
  options.map((word, index) => (options[index - 1] === '-crf' ? '0' : options[index - 1] === '-profile:v' ? 'high444' : word));

async function digests(playlist: string): Promise<string[]> {
  const args = ['-v', 'error', '-i', playlist, '-map', '0:v', '-f', 'framemd5', '-'];
  const { stdout } = await run('ffmpeg', args, { maxBuffer: 8 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.split(',').at(-1)!.trim()]));
}

const CASES = [...Object.keys(SOURCES).map((name) => ({ name, segmentType: 'fmp4' as const })), { name: Object.keys(SOURCES)[0]!, segmentType: 'ts' as const }];

test.each(CASES)('parts of $name hold the very pictures of a single run ($segmentType)', async ({ name, segmentType }) => {
  const args = SOURCES[name]!;
  const dir = join(home, `${name.replaceAll(/\W/g, '-')}-${segmentType}`);
  await mkdir(dir);
  const file = join(dir, 'source.mp4');
  await makeClip(args, file);
  const source = await inspect(file, RECIPE, { signal });
  const { video, audio } = source;
  if (video === undefined) throw new Error('no pictures');
  const rate = video.outputRate;
  const rungs = planLadder({ ...video, frameRate: rate.value, bitrate: undefined }, 180);
  const [single, joined] = [join(dir, 'single'), join(dir, 'joined')];
  for (const folder of [single, joined]) await makeFolders(folder, rungs, audio !== undefined);

  const whole = lossless(ladderArguments(source, rungs, single, { ...RECIPE, segmentType }));
  await encode({ inputs: [{ file }], outputOptions: whole, output: join(single, '%v', MEDIA_PLAYLIST) }, { signal });

  const cuts = cutFrames(source.durationS ?? 0, rate, 4)!;
  expect(cuts.length).toBeGreaterThanOrEqual(3);
  const names: string[] = [];
  for (const stretch of cuts) {
    const { input, output } = partArguments(video, rungs, stretch, 'ultrafast');
    names.push(`part-${stretch.from}.mp4`);
    await encode({ inputs: [{ file, options: input }], outputOptions: lossless(output), output: join(dir, names.at(-1)!) }, { signal });
  }
  await writeFile(join(dir, 'list'), concatList(names));
  const soundFile = join(dir, 'sound.mp4');
  if (audio !== undefined) await encode({ inputs: [{ file }], outputOptions: soundArguments(audio.index), output: soundFile }, { signal });
  const outputOptions = joinArguments(rungs, { hasAudio: audio !== undefined, dir: joined, segmentType });
  const inputs = [concatInput(join(dir, 'list')), ...(audio === undefined ? [] : [{ file: soundFile, own: true }])];
  const { faults } = await encode({ inputs, outputOptions, output: join(joined, '%v', MEDIA_PLAYLIST) }, { signal });
  expect(faults).toBe(0);

  for (const { name: rung } of rungs) {
    const [one, other] = [join(single, rung, MEDIA_PLAYLIST), join(joined, rung, MEDIA_PLAYLIST)];
    expect(await digests(other)).toEqual(await digests(one));
    expect(await packetsOf(other)).toEqual(await packetsOf(one));
    expect(await readFile(other, 'utf8')).toBe(await readFile(one, 'utf8'));
  }
  if (audio !== undefined) {
    const [one, other] = [single, joined].map((folder) => join(folder, AUDIO_NAME, MEDIA_PLAYLIST)) as [string, string];
    expect(await packetsOf(other)).toEqual(await packetsOf(one));
    expect(await readFile(other, 'utf8')).toBe(await readFile(one, 'utf8'));
  }
  const keys = (await packetsOf(join(joined, rungs[0]!.name, MEDIA_PLAYLIST))).map(({ key }, index) => (key ? index : -1)).filter((index) => index >= 0);
  expect(keys).toEqual(keys.map((_, index) => index * gopFrames(rate.value)));
}, 60_000);

test('stretches are whole groups of pictures, without a gap; too short a video has none', () => {
  const rate = { value: 30_000 / 1001, text: '30000/1001' };
  const cuts = cutFrames(600, rate, 60)!;
  expect(cuts).toHaveLength(9);
  expect(cuts.at(-1)).toMatchObject({ to: null });
  cuts.forEach((cut: Stretch, index) => {
    expect(cut.from % gopFrames(rate.value)).toBe(0);
    if (index > 0) expect(cuts[index - 1]!.to).toBe(cut.from);
  });
  expect(cutFrames(119.9, rate, 60)).toBeUndefined();
  expect(cutFrames(24 * 3600, rate, 2)!.length).toBeLessThanOrEqual(500);
});
