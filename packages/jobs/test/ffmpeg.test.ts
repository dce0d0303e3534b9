import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '@armoricore/shared/kernel';
import { waitFor } from '../../../test/support/wait.ts';
import { ladderArguments } from '../src/ffmpeg/arguments.ts';
import { posterArguments } from '../src/ffmpeg/extras.ts';
import { listPackets, packetArguments, probeArguments, probeFile } from '../src/ffmpeg/probe.ts';
import { encode, FfmpegError, parseTimeMark } from '../src/ffmpeg/run.ts';
import { SAFE_INPUT } from '../src/ffmpeg/safety.ts';
import { planLadder } from '../src/media/ladder.ts';
import type { Source } from '../src/media/source.ts';
import { H264, makeClip, pictures } from './support/clips.ts';

const video = {
  index: 2,
  width: 640,
  height: 360,
  bitrate: undefined,
  outputRate: { value: 30_000 / 1001, text: '30000/1001' },
  colour: { primaries: undefined, transfer: undefined, matrix: undefined },
  interlaced: false,
};
const source: Source = { durationS: 10, video, audio: { index: 5 }, info: { container: 'mov', tags: {} } };
const rungs = planLadder({ width: 640, height: 360, frameRate: 30, bitrate: undefined });
const options = { preset: 'veryfast', segmentType: 'fmp4' as const, maxDurationS: 60 };
const after = (args: readonly string[], option: string): string | undefined => args[args.indexOf(option) + 1];

describe('ladderArguments', () => {
  test('decodes once and scales each rung from the one above', () => {
    const args = ladderArguments(source, rungs, '/out', options);
    expect(after(args, '-filter_complex')).toBe(
      '[0:2]fps=30000/1001:start_time=0,scale=640:360:flags=bicubic:out_color_matrix=bt709:out_range=tv,' +
        'setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709,setsar=1,format=yuv420p,split=2[v0][c0];' +
        '[c0]scale=426:240:flags=bicubic,setsar=1,split=2[v1][c1];' +
        '[c1]scale=256:144:flags=bicubic,setsar=1[v2]',
    );
  });

  test('sets key frames two seconds apart, and names the renditions', () => {
    const args = ladderArguments(source, rungs, '/out', options);
    expect([after(args, '-g'), after(args, '-keyint_min'), after(args, '-sc_threshold')]).toEqual(['60', '60', '0']);
    expect(after(args, '-var_stream_map')?.split(' ')).toEqual([
      'v:0,agroup:aud,name:360p',
      'v:1,agroup:aud,name:240p',
      'v:2,agroup:aud,name:144p',
      'a:0,agroup:aud,default:yes,name:audio',
    ]);
  });

  test('bounds the output in time and drops metadata and foreign streams', () => {
    const args = ladderArguments(source, rungs, '/out', options);
    expect(after(args, '-t')).toBe('60');
    expect(args).toEqual(expect.arrayContaining(['-map_metadata', '-1', '-sn', '-dn']));
  });

  test('sound alone asks for no pictures', () => {
    const args = ladderArguments({ ...source, video: undefined }, [], '/out', options);
    expect(args).not.toContain('-filter_complex');
    expect(after(args, '-var_stream_map')).toBe('a:0,name:audio');
  });

  test('HDR is brought to the standard range once, before the rungs part', () => {
    const args = ladderArguments({ ...source, video: { ...video, colour: { ...video.colour, transfer: 'smpte2084' } } }, rungs, '/out', options);
    const graph = after(args, '-filter_complex') ?? '';
    expect(graph.match(/tonemap=tonemap/g)).toHaveLength(1);
    expect(graph.indexOf('tonemap')).toBeLessThan(graph.indexOf('split'));
  });

  test('what a file does not say of its colours is assumed: by its size, or of HDR all that belongs to it', () => {
    const graphOf = (more: object): string => after(ladderArguments({ ...source, video: { ...video, ...more } }, rungs, '/out', options), '-filter_complex') ?? '';
    expect(graphOf({ width: 1280, height: 720 })).toContain(':in_color_matrix=bt709:');
    expect(graphOf({})).not.toContain('in_color_matrix');
    expect(graphOf({ colour: { ...video.colour, transfer: 'arib-std-b67' } })).toContain('setparams=color_primaries=bt2020:colorspace=bt2020nc,');
  });

  test('MPEG-TS is made when it is asked for', () => {
    const args = ladderArguments(source, rungs, '/out', { ...options, segmentType: 'ts' });
    expect([after(args, '-hls_segment_type'), after(args, '-hls_segment_filename')]).toEqual(['mpegts', '/out/%v/seg_%05d.ts']);
    expect(args).not.toContain('-hls_fmp4_init_filename');
  });

  test('interlaced pictures are made progressive first', () => {
    const args = posterArguments({ ...video, interlaced: true }, { width: 64, height: 36 });
    expect(after(args, '-filter_complex')).toContain('bwdif');
  });
});

describe('safety', () => {
  test('every input is read with the allow-lists and bounds', () => {
    expect(SAFE_INPUT).toEqual(expect.arrayContaining(['-protocol_whitelist', '-format_whitelist', '-max_pixels', '-max_streams']));
    expect(after(SAFE_INPUT, '-protocol_whitelist')).toBe('file');
    expect(after(SAFE_INPUT, '-format_whitelist')).not.toMatch(/hls|concat|image2|lavfi|dash/);
    for (const args of [probeArguments('/in'), packetArguments('/in')]) {
      expect(args.join(' ')).toContain(SAFE_INPUT.join(' '));
      expect(args.indexOf('-i')).toBeGreaterThan(args.indexOf('-max_streams'));
    }
  });
});

describe('the tools', () => {
  let dir: string;
  let clip: string;
  const never = new AbortController().signal;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ffmpeg test ')); // A blank in a path must not part an option.
    clip = join(dir, 'clip.mp4');
    await makeClip([...pictures('320x240', 2), ...H264], clip);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** Processes of the system whose command line names our folder. */
  async function processesHere(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return lines.filter((line) => line.includes(dir));
  }

  test('an abort kills the encoder and throws its reason', async () => {
    const abort = new AbortController();
    const forever = ['-re', '-stream_loop', '-1'];
    const outputOptions = ['-c', 'copy', '-f', 'mpegts'];
    const endless = { inputs: [{ file: clip, options: forever }], outputOptions, output: join(dir, 'endless.ts') };
    const running = encode(endless, { signal: abort.signal });
    await waitFor(async () => (await processesHere()).length > 0);
    abort.abort(new AppError('time_limit'));
    await expect(running).rejects.toMatchObject({ code: 'time_limit' });
    await waitFor(async () => (await processesHere()).length === 0);
  });

  test('an abort before the start starts nothing', async () => {
    const signal = AbortSignal.abort(new AppError('job_cancelled'));
    const command = { inputs: [{ file: clip }], outputOptions: [], output: join(dir, 'x.mp4') };
    await expect(encode(command, { signal })).rejects.toMatchObject({ code: 'job_cancelled' });
  });

  test('a failure carries the end of what the tool said', async () => {
    const wrong = { inputs: [{ file: clip }], outputOptions: ['-c:v', 'no_such_codec', '-f', 'mp4'], output: join(dir, 'x.mp4') };
    const failure = await encode(wrong, { signal: never }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FfmpegError);
    expect(failure).toMatchObject({ stderr: expect.stringContaining('no_such_codec') });
  });

  test('progress is told in seconds of output', async () => {
    const times: number[] = [];
    const command = { inputs: [{ file: clip }], outputOptions: ['-c:v', 'libx264', '-f', 'null'], output: '/dev/null' };
    await encode(command, { signal: never, onTime: (seconds) => times.push(seconds) });
    expect(times.at(-1)).toBeCloseTo(2, 0);
  });

  test('faults that the tool forgives are counted', async () => {
    const bytes = await readFile(clip);
    for (let at = 4_000; at < bytes.length - 4_000; at += 150) bytes[at] = 0x55;
    const damaged = join(dir, 'damaged.mp4');
    await writeFile(damaged, bytes);
    const command = { inputs: [{ file: damaged }], outputOptions: ['-f', 'null'], output: '/dev/null' };
    expect((await encode(command, { signal: never })).faults).toBeGreaterThan(3);
    expect(await encode({ ...command, inputs: [{ file: clip }] }, { signal: never })).toEqual({ faults: 0 });
  });

  test('the packets are listed, until the listener has enough', async () => {
    const lines: string[] = [];
    await listPackets(clip, (line) => lines.push(line), { signal: never });
    expect(lines.filter((line) => line.startsWith('0,'))).toHaveLength(60);
    const enough = new Error('enough');
    const stopped = listPackets(clip, () => { throw enough; }, { signal: never });
    await expect(stopped).rejects.toBe(enough);
    await waitFor(async () => (await processesHere()).length === 0);
  });

  test('a probe of nothing fails', async () => {
    await expect(probeFile(join(dir, 'nothing'), { signal: never })).rejects.toBeInstanceOf(FfmpegError);
  });
});

test.each([
  ['frame=  100 fps= 25 q=28.0 size=     256kB time=00:01:04.50 bitrate=', 64.5],
  ['time=10:00:00.00', 36_000],
  ['time=N/A', undefined],
  ['Stream #0:0', undefined],
])('the time of %j is %s', (line, seconds) => {
  expect(parseTimeMark(line)).toBe(seconds);
});
