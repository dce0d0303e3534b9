import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClip, packets } from '../support/clips.ts';
import { ROOT, startProduct, type Product } from '../support/product.ts';
import { databaseOf } from '../support/inspect.ts';
import { waitFor } from '../support/wait.ts';

interface DemoResult {
  code: number;
  stdout: string;
  stderr: string;
  last: any;
}

let product: Product;
let folder: string;
let clip: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'armoricore-clips-'));
  [product, clip] = await Promise.all([startProduct(), makeClip(path.join(folder, 'clip.mp4'))]);
});
afterAll(async () => {
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `npm run demo -- FILE --json` as a user runs it. */
function demo(file: string): Promise<DemoResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['scripts/demo.ts', file, '--json', '--url', product.url], { cwd: ROOT, timeout: 120_000 }, (_error, stdout, stderr) => {
      const lastLine = stdout.trim().split('\n').at(-1) ?? '';
      resolve({ code: child.exitCode ?? -1, stdout, stderr, last: lastLine.startsWith('{') ? JSON.parse(lastLine) : null });
    });
  });
}

async function text(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

/** The URIs of a playlist, absolute. */
async function uris(playlist: string): Promise<string[]> {
  return (await text(playlist)).split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => new URL(line, playlist).href);
}

describe('npm run demo', () => {
  it('makes a playable ladder, also for the same file again and two at once', async () => {
    const results = await Promise.all([demo(clip), demo(clip)]);
    for (const { code, last, stderr } of results) {
      expect(code, stderr).toBe(0);
      expect(last).toEqual({ media_id: expect.any(String), hls: expect.stringContaining('/master.m3u8'), poster: expect.stringContaining('.jpg'), seconds: expect.closeTo(4, 0) });
      expect((await fetch(last.poster)).headers.get('content-type')).toBe('image/jpeg');
    }
    expect(results[0]!.last.media_id).not.toBe(results[1]!.last.media_id);

    const variants = await uris(results[0]!.last.hls);
    expect(variants.length).toBeGreaterThan(1);
    const keyFrames = await Promise.all(
      variants.map(async (variant) => (await packets(variant, 'v:0', 'pts_time,flags')).filter((line) => line.includes('K')).map((line) => line.split(',')[0])),
    );
    for (const times of keyFrames) expect(times).toEqual(keyFrames[0]);
    expect(Number(keyFrames[0]![0])).toBe(0);
  });

  it.each([
    ['not a video', 'notes.mp4', () => Buffer.from('these are notes, not a video\n'.repeat(50)), 'not_media'],
    ['a playlist in disguise', 'list.mp4', () => Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'), /format_not_allowed|not_media/],
    ['a truncated file', 'cut.mp4', async () => (await readFile(clip)).subarray(0, 120_000), /media_truncated|media_corrupt|not_media/],
  ])('says why it refuses %s', async (_what, name, bytes, reason) => {
    const file = path.join(folder, name);
    await writeFile(file, await bytes());
    const { code, last, stderr } = await demo(file);
    expect(code).toBe(1);
    expect(last.reason).toMatch(reason);
    expect(stderr).toContain(last.reason);
  });

  it('refuses an empty file and a missing one in one line', async () => {
    const empty = path.join(folder, 'empty.mp4');
    await writeFile(empty, '');
    for (const file of [empty, path.join(folder, 'nowhere.mp4')]) {
      const { code, stderr } = await demo(file);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('kill -9 in mid-transcode', () => {
  it.each(['jobs', 'realtime'])('of %s: it comes back, and the video becomes ready for its client, once', async (name) => {
    const long = await makeClip(path.join(folder, 'long.mp4'), { seconds: 20, size: '1280x720' });
    const done = demo(long);
    const database = await databaseOf(product);
    try {
      const encoding = () => database.pool.query("SELECT id FROM media WHERE state = 'processing' AND stage = 'transcode' AND percent > 5");
      const found = async () => (await encoding()).rows[0] as { id: string } | undefined;
      const { id } = await waitFor(found, { timeoutMs: 30_000, what: 'a transcode under way' });
      const victim = (await product.processes()).find(({ command }) => command.includes(`packages/${name}/src/main.ts`))!;
      process.kill(victim.pid, 'SIGKILL');

      const { code, last, stderr } = await done;
      expect(code, stderr).toBe(0);
      expect(last.media_id).toBe(id);
      const { rows } = await database.pool.query("SELECT count(*)::int AS ready FROM events WHERE event_type = 'media.ready' AND event->'payload'->>'media_id' = $1", [id]);
      expect(rows).toEqual([{ ready: 1 }]);
      const ffmpegs = (await product.processes()).filter(({ command }) => /\bffmpeg\b/.test(command.split(' ')[0]!));
      expect(ffmpegs).toEqual([]);
    } finally {
      await database.stop();
    }
  });
});
