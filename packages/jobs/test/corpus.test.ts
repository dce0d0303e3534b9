import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip, packetsOf } from './support/clips.ts';
import { AWKWARD, INPUT, type Awkward } from './support/corpus.ts';
import { produce, type Produced } from './support/pipeline.ts';

const run = promisify(execFile);
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'corpus-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function makeInput({ name, from, args }: Awkward): Promise<string> {
  const first = join(dir, `first-${name}`);
  if (from !== undefined) await makeClip(from, first);
  const file = join(dir, name);
  await makeClip(args.map((word) => (word === INPUT ? first : word)), file);
  return file;
}

/** Structural likeness of the top rung to the source, brought to its shape by filters of the corpus. 1 is the same. */
async function likeness(file: string, { hlsDir, made, source }: Produced, normal = 'null'): Promise<number> {
  const { name, width, height } = made.renditions[0]!;
  const [stream, steps] = normal === '1:v' ? ['1:v:1', 'null'] : ['1:v:0', normal];
  const graph = `[0:v]settb=1/1000,setpts=N[a];[${stream}]${steps},fps=${source.video!.outputRate.text}:start_time=0,scale=${width}:${height}:flags=bicubic:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p,settb=1/1000,setpts=N[b];[a][b]ssim`;
  const top = join(hlsDir, name, 'index.m3u8');
  const { stderr } = await run('ffmpeg', ['-nostdin', '-i', top, '-i', file, '-lavfi', graph, '-f', 'null', '-'], { timeout: 60_000 });
  const all = /All:([\d.]+)/.exec(stderr)?.[1];
  if (all === undefined) throw new Error(`no likeness: ${stderr.slice(-2000)}`);
  return Number(all);
}

describe('awkward inputs', () => {
  test.each(AWKWARD)('$name', { timeout: 60_000 }, async (awkward) => {
    const { name, seconds, shows, hears, normal } = awkward;
    const file = await makeInput(awkward);
    const out = join(dir, `out-${name}`);
    const produced = await produce(file, out);
    const { made, hlsDir } = produced;

    const length = shows === undefined ? made.audioS! : made.videoS!;
    expect(Math.abs(length - seconds)).toBeLessThan(shows === undefined ? 0.1 : 0.02 + 1 / shows.rate);
    expect(made.audioS !== undefined).toBe(hears);
    expect(made.faults).toBe(0);
    const [top] = made.renditions;
    expect(top && { width: top.width, height: top.height }).toEqual(shows && { width: shows.width, height: shows.height });
    if (hears) {
      const heard = await packetsOf(join(hlsDir, 'audio', 'index.m3u8'));
      expect(Math.abs(heard[0]!.time)).toBeLessThan(0.025);
      expect(Math.abs(heard.at(-1)!.time - seconds)).toBeLessThan(0.1);
    }
    if (shows !== undefined) {
      expect(Math.abs(top!.frame_rate - shows.rate)).toBeLessThan(0.002);
      const all = await Promise.all(made.renditions.map((one) => packetsOf(join(hlsDir, one.name, 'index.m3u8'))));
      for (const frames of all) {
        expect(Math.abs(frames.length - seconds * shows.rate)).toBeLessThan(1.5); // An AVI may begin one picture late.
        frames.forEach(({ time }, index) => expect(Math.abs(time - index / shows.rate)).toBeLessThan(0.002));
        expect(frames.filter(({ key }) => key).map(({ time }) => time)).toEqual(all[0]!.filter(({ key }) => key).map(({ time }) => time));
      }
      expect(await likeness(file, produced, normal)).toBeGreaterThanOrEqual(0.95);
      expect((await readdir(out)).toSorted()).toEqual(expect.arrayContaining(['poster.jpg', 'preview.mp4', 'storyboard', 'video.mp4']));
      expect(await readFile(join(out, 'storyboard', 'storyboard.vtt'), 'utf8')).toContain('sheet_000.jpg#xywh=0,0,');
    }
    await rm(out, { recursive: true, force: true });
  });
});
