import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { media } from '@armoricore/shared/db';
import { newId } from '@armoricore/shared/kernel';
import { masterPlaylist } from '../../src/media/master.ts';
import { mediaPlaylist, parseSegments } from '../../src/media/playlist.ts';
import type { JobsLab } from './jobs-lab.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

/** About a minute when it is spoken: simple sentences of common words. */
export const STORY = [
  'The house at the end of the road was old and very quiet.',
  'Every morning a man came out of the door and walked down to the water.',
  'He would stand there for a long time and look at the boats.',
  'One day a young woman came up to him and asked him what he was waiting for.',
  'He said that many years ago his brother had left on a ship and had never come back.',
  'The woman sat down next to him and told him about her own family.',
  'Her father had been a teacher in a small town and her mother had worked in a hospital.',
  'They talked for more than an hour and then it began to rain.',
  'The old man took her to his house and made some tea.',
  'It was warm inside and the two of them sat by the fire until the rain was over.',
  'In the evening the sky was clear again and the light of the moon was on the sea.',
  'Before she left he gave her a picture of the ship and thanked her for listening.',
  'After that day she came to see him every week and they were good friends for the rest of his life.',
].join(' ');

/** Speaks a text with flite's best voice, as WAV. */
export async function speak(text: string, file: string): Promise<string> {
  await run('flite', ['-voice', 'rms', '-t', text, '-o', file], { timeout: TIMEOUT_MS });
  return file;
}

/** Joins pieces of sound: files, or so many seconds of silence. */
export async function joinSound(pieces: readonly (string | number)[], file: string): Promise<string> {
  const inputs = pieces.flatMap((piece) => (typeof piece === 'string' ? ['-i', piece] : ['-f', 'lavfi', '-t', String(piece), '-i', 'anullsrc=r=16000:cl=mono']));
  const same = pieces.map((_, i) => `[${i}:a]aresample=16000,aformat=channel_layouts=mono:sample_fmts=s16[a${i}]`).join(';');
  const filter = `${same};${pieces.map((_, i) => `[a${i}]`).join('')}concat=n=${pieces.length}:v=0:a=1`;
  await run('ffmpeg', ['-v', 'error', '-y', ...inputs, '-filter_complex', filter, '-c:a', 'pcm_s16le', file], { timeout: TIMEOUT_MS });
  return file;
}

/** Sound by a source of ffmpeg's, as WAV. */
export async function synthesize(source: string, file: string): Promise<string> {
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-ac', '1', '-ar', '16000', file], { timeout: TIMEOUT_MS });
  return file;
}

/** Half a minute of a tune over a beat. */
export const MUSIC =
  "aevalsrc='0.2*sin(2*PI*(220*pow(2,mod(floor(t*4)*7,12)/12))*t)+0.15*sin(2*PI*(330*pow(2,mod(floor(t*2)*5,12)/12))*t)" +
  "+0.3*exp(-20*mod(t,0.5))*(random(0)-0.5)':s=16000:d=30";
export const NOISE = 'anoisesrc=c=pink:a=0.4:r=16000:d=30';

export async function secondsOf(file: string): Promise<number> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file]);
  return Number(stdout);
}

/** Puts a media into the lab as the pipeline leaves one that is sound alone, in a part of the time. Returns its id. */
export async function readySound(lab: Pick<JobsLab, 'workDir' | 'storage' | 'database'>, file: string, row: Partial<typeof media.$inferInsert> = {}): Promise<string> {
  const id = newId();
  const folder = join(lab.workDir, id);
  const playlist = join(folder, 'index.m3u8');
  await run('mkdir', ['-p', folder]);
  await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-c:a', 'aac', '-ar', '16000', '-ac', '1', '-f', 'hls', '-hls_time', '6', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4',
      '-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', join(folder, 'seg_%05d.m4s'), playlist],
    { timeout: TIMEOUT_MS },
  );
  const { init, segments } = parseSegments(await readFile(playlist, 'utf8'));
  const sized = await Promise.all(segments.map(async (segment) => ({ ...segment, bytes: (await readFile(join(folder, segment.uri))).length })));
  const hls = `media/${id}/hls`;
  const put = async (key: string, bytes: Uint8Array): Promise<void> => void (await lab.storage.put(`${hls}/${key}`, bytes, { contentType: 'application/octet-stream' }));
  for (const name of [init!, ...segments.map(({ uri }) => uri)]) await put(`audio/${name}`, await readFile(join(folder, name)));
  await put('audio/index.m3u8', Buffer.from(mediaPlaylist({ init, segments: sized })));
  await put('master.m3u8', Buffer.from(masterPlaylist([], { uri: 'audio/index.m3u8', codecs: 'mp4a.40.2', segments: sized })));
  const durationMs = Math.round(segments.reduce((sum, { durationS }) => sum + durationS, 0) * 1000);
  await lab.database.db.insert(media).values({ id, userId: 'u1', state: 'ready', percent: 100, hlsKey: `${hls}/master.m3u8`, durationMs, ...row });
  return id;
}

/** Wrong, missing and superfluous words, as a share of those that were spoken. */
export function wordErrorRate(spoken: string, heard: string): number {
  const [wanted, got] = [wordsIn(spoken), wordsIn(heard)];
  let row = Array.from({ length: got.length + 1 }, (_, i) => i);
  wanted.forEach((word, i) => {
    const next = [i + 1];
    got.forEach((other, j) => next.push(Math.min(row[j]! + (word === other ? 0 : 1), row[j + 1]! + 1, next[j]! + 1)));
    row = next;
  });
  return row.at(-1)! / wanted.length;
}

const wordsIn = (text: string): string[] => text.toLowerCase().match(/[a-z']+/g) ?? [];

export interface ParsedCue {
  startS: number;
  endS: number;
  lines: string[];
}

/** The cues of a WebVTT file; fails on what is none. */
export function parseVtt(text: string): ParsedCue[] {
  const [head, ...blocks] = text.trimEnd().split(/\n\n+/);
  if (!/^WEBVTT(\n|$)/.test(head ?? '')) throw new Error(`no WebVTT: ${text.slice(0, 80)}`);
  return blocks.map((block) => {
    const [times = '', ...lines] = block.split('\n');
    const match = /^(\d\d+):(\d\d):(\d\d\.\d{3}) --> (\d\d+):(\d\d):(\d\d\.\d{3})$/.exec(times);
    if (match === null) throw new Error(`no times: ${times}`);
    const [h1, m1, s1, h2, m2, s2] = match.slice(1).map(Number) as [number, number, number, number, number, number];
    return { startS: h1 * 3600 + m1 * 60 + s1, endS: h2 * 3600 + m2 * 60 + s2, lines };
  });
}

/** All that the cues say. */
export const wordsOf = (cues: readonly ParsedCue[]): string => cues.flatMap(({ lines }) => lines).join(' ');
