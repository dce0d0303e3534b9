import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, setOptions, types } from 'hls-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AAC, H264, makeClip, packetsOf, pictures, sound } from './support/clips.ts';
import { produce, type Produced } from './support/pipeline.ts';

const run = promisify(execFile);
let dir: string;
let whole: Produced;
beforeAll(async () => {
  setOptions({ strictMode: true });
  dir = await mkdtemp(join(tmpdir(), 'products-'));
  const file = join(dir, 'clip.mp4');
  await makeClip([...pictures('640x360', 14), ...sound(14), '-af', 'volume=-30dB', ...H264, ...AAC], file);
  whole = await produce(file, join(dir, 'whole'), { preset: 'ultrafast' });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What ffmpeg's filters say of a file. */
async function said(file: string, args: readonly string[]): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-nostdin', '-i', file, ...args, '-f', 'null', '-'], { timeout: 30_000 });
  return stderr;
}

async function streamsOf(file: string): Promise<{ codec_type: string; width?: number; height?: number; duration: number }[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', file], { timeout: 30_000 });
  const { streams } = JSON.parse(stdout) as { streams: { codec_type: string; duration: string }[] };
  return streams.map((stream) => ({ ...stream, duration: Number(stream.duration) }));
}

const audioOf = ({ hlsDir }: Produced): string => join(hlsDir, 'audio', 'index.m3u8');

describe('the sound', () => {
  test('of a quiet source is as loud as that of others', async () => {
    const summary = await said(audioOf(whole), ['-af', 'ebur128']);
    const loudness = Number(/I:\s+(-?[\d.]+) LUFS\s+Threshold/.exec(summary)?.[1]);
    expect(Math.abs(loudness + 16)).toBeLessThan(2);
  });

  test('keeps step with the pictures', async () => {
    const file = join(dir, 'flash.mp4');
    const flash = ['-f', 'lavfi', '-i', "color=black:s=320x240:r=25:d=6,drawbox=color=white:t=fill:enable='gte(t,4)'"];
    const beep = ['-f', 'lavfi', '-i', "aevalsrc='if(gte(t,4),sin(2*PI*440*t),0)':d=6:s=44100"];
    await makeClip([...flash, ...beep, ...H264, '-bf', '2', ...AAC], file);
    const made = await produce(file, join(dir, 'flash'), { preset: 'ultrafast' });
    const heard = Number(/silence_end: ([\d.]+)/.exec(await said(audioOf(made), ['-af', 'silencedetect=n=-30dB:d=1']))?.[1]);
    const seen = Number(/black_end:([\d.]+)/.exec(await said(join(made.hlsDir, '240p', 'index.m3u8'), ['-vf', 'blackdetect=d=1']))?.[1]);
    expect(seen).toBeCloseTo(4, 2);
    expect(Math.abs(heard - seen)).toBeLessThan(0.04);
  });
});

describe('the extras', () => {
  test('are a preview of some seconds without sound', async () => {
    const [picture, ...more] = await streamsOf(join(whole.dir, 'preview.mp4'));
    expect(more).toEqual([]);
    expect(picture).toMatchObject({ codec_type: 'video', width: 426, height: 240 });
    expect(picture?.duration).toBeCloseTo(4, 0);
  });

  test('are sheets of the size that the track speaks of', async () => {
    const folder = join(whole.dir, 'storyboard');
    expect((await readdir(folder)).toSorted()).toEqual(['sheet_000.jpg', 'storyboard.vtt']);
    expect(await streamsOf(join(folder, 'sheet_000.jpg'))).toMatchObject([{ width: 7 * 160, height: 90 }]);
    expect(await readFile(join(folder, 'storyboard.vtt'), 'utf8')).toContain('#xywh=960,0,160,90');
  });

  test('are files for download that begin before they have come whole', async () => {
    const video = join(whole.dir, 'video.mp4');
    expect((await streamsOf(video)).map(({ codec_type }) => codec_type)).toEqual(['video', 'audio']);
    expect((await streamsOf(video))[0]?.duration).toBeCloseTo(14, 1);
    expect((await streamsOf(join(whole.dir, 'audio.m4a'))).map(({ codec_type }) => codec_type)).toEqual(['audio']);
    const bytes = await readFile(video);
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  });
});

test('MPEG-TS segments are whole, aligned and begin at 0 as well', async () => {
  const made = await produce(join(dir, 'clip.mp4'), join(dir, 'ts'), { preset: 'ultrafast', segmentType: 'ts' });
  for (const { name, codecs } of made.made.renditions) {
    const file = join(made.hlsDir, name, 'index.m3u8');
    const playlist = parse(await readFile(file, 'utf8'));
    if (!(playlist instanceof types.MediaPlaylist)) throw new Error('not a media playlist');
    expect(playlist.segments.map(({ uri, map }) => [uri, map])).toEqual([0, 1, 2].map((i) => [`seg_0000${i}.ts`, null]));
    expect(codecs).toMatch(/^avc1\.42C0[0-9A-F]{2},mp4a\.40\.2$/);
    const frames = await packetsOf(file);
    expect(frames).toHaveLength(14 * 30);
    frames.forEach(({ time }, index) => expect(Math.abs(time - index / 30)).toBeLessThan(0.002));
    expect(frames.flatMap(({ key, time }) => (key ? [Math.round(time)] : []))).toEqual([0, 2, 4, 6, 8, 10, 12]);
  }
  expect(Math.abs((await packetsOf(audioOf(made)))[0]!.time)).toBeLessThan(0.025);
  expect((await streamsOf(join(made.dir, 'video.mp4'))).map(({ codec_type }) => codec_type)).toEqual(['video', 'audio']);
});
