import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId, type ErrorCode } from '@armoricore/shared/kernel';
import { AAC, H264, makeClip, pictures, sound } from './support/clips.ts';
import { startJobsLab, type JobsLab } from './support/jobs-lab.ts';

let lab: JobsLab;
let clip: Buffer;
beforeAll(async () => {
  lab = await startJobsLab({ MEDIA_MAX_DURATION_S: '20', MEDIA_MAX_UPLOAD_BYTES: '5000000' });
  const file = join(lab.workDir, 'clip.mp4');
  await makeClip([...pictures('320x240', 4), ...sound(4), ...H264, ...AAC, '-movflags', 'faststart'], file);
  clip = await readFile(file);
});
afterAll(() => lab.close());

async function refusedWith(mediaId: string, code: ErrorCode): Promise<void> {
  const results = await lab.ended(mediaId);
  expect(results).toMatchObject([{ event_type: 'media.failed', payload: { media_id: mediaId, user_id: 'u1', reason: code } }]);
  expect(await lab.storage.list(`media/${mediaId}`)).toEqual([]);
  expect(await lab.scratchEntries()).toEqual([]);
}

async function fromClip(name: string, args: readonly string[]): Promise<Buffer> {
  const file = join(lab.workDir, name);
  await makeClip(args, file);
  return readFile(file);
}

describe('a file that is refused', () => {
  test('is not media', async () => {
    const id = await lab.upload(Buffer.from('Dear Sir or Madam, I am not a video.\n'.repeat(50)));
    await refusedWith(id, 'not_media');
    expect(await lab.row(id)).toMatchObject({ state: 'failed', failureReason: 'not_media', stage: null });
  });

  test('is random bytes', async () => {
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919 + (i >> 3) * 104_729) & 0xff));
    await refusedWith(await lab.upload(noise), 'not_media');
  });

  test('is empty', async () => {
    await refusedWith(await lab.upload(new Uint8Array()), 'empty_file');
  });

  test('was cut off after its header', async () => {
    await refusedWith(await lab.upload(clip.subarray(0, Math.floor(clip.length * 0.5))), 'media_truncated');
  });

  test('was cut off before its header came', async () => {
    const headerLast = await fromClip('last.mp4', [...pictures('320x240', 2), ...H264]);
    await refusedWith(await lab.upload(headerLast.subarray(0, Math.floor(headerLast.length * 0.6))), 'media_truncated');
  });

  test('has nothing but damage after its header', async () => {
    const damaged = Buffer.from(clip);
    damaged.fill(0x5a, damaged.indexOf('mdat') + 4);
    const id = await lab.upload(damaged);
    const [event] = await lab.ended(id);
    expect(event?.payload).toMatchObject({ reason: expect.stringMatching(/^media_(corrupt|truncated)$/) });
  });

  test('is a picture', async () => {
    await refusedWith(await lab.upload(await fromClip('one.png', [...pictures('64x64', 1), '-frames:v', '1'])), 'format_not_allowed');
  });

  test('is a playlist under the name of a video', async () => {
    const secret = join(lab.workDir, 'secret.ts');
    await makeClip([...pictures('160x120', 1), ...H264], secret);
    for (const uri of [secret, `file://${secret}`, `concat:${secret}`]) {
      const playlist = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n${uri}\n#EXT-X-ENDLIST\n`;
      await refusedWith(await lab.upload(Buffer.from(playlist)), 'format_not_allowed');
    }
    const list = join(lab.workDir, 'list.txt');
    await writeFile(list, `ffconcat version 1.0\nfile '${secret}'\n`);
    await refusedWith(await lab.upload(await readFile(list)), 'format_not_allowed');
  });

  test('holds neither picture nor sound', async () => {
    const subtitles = join(lab.workDir, 'words.srt');
    await writeFile(subtitles, '1\n00:00:00,000 --> 00:00:01,000\nHello\n');
    await refusedWith(await lab.upload(await fromClip('words.mkv', ['-i', subtitles])), 'no_streams');
  });

  test('is longer than what is allowed', async () => {
    await refusedWith(await lab.upload(await fromClip('long.mp4', [...pictures('32x32', 30, '1'), ...H264])), 'media_too_long');
  });

  test('is larger than what is allowed', async () => {
    await refusedWith(await lab.upload(new Uint8Array(5_000_001)), 'upload_too_large');
  });

  test('has more streams than any video', async () => {
    const many = Array.from({ length: 20 }, () => ['-map', '0']).flat();
    await refusedWith(await lab.upload(await fromClip('many.mkv', [...sound(1), ...many, '-c:a', 'aac'])), 'media_too_large');
  });
});

describe('a path that is refused', () => {
  test.each<[string, ErrorCode]>([
    ['file:///uploads/nobody', 'source_not_found'],
    ['file:///../../etc/hostname', 'source_not_found'],
    ['file:///%2e%2e/%2e%2e/etc/hostname', 'source_not_found'],
    ['file:///..%2f..%2fetc%2fhostname', 'invalid_key'],
    ['file://server/share', 'source_unsupported'],
    ['http://example.test/clip.mp4', 'source_unsupported'],
    ['https://user:word@example.test/clip.mp4', 'source_unsupported'],
    ['https://127.0.0.1/clip.mp4', 'source_refused'],
    ['https://[::ffff:a9fe:a9fe]/latest/meta-data', 'source_refused'],
    ['s3://bucket/clip.mp4', 'source_unsupported'],
    ['/etc/hostname', 'source_unsupported'],
  ])('%s: %s', async (path, code) => {
    const id = newId();
    await lab.announce(id, path);
    await refusedWith(id, code);
  });

  test('a media of another user is neither made nor marked', async () => {
    const id = await lab.upload(clip);
    expect(await lab.ended(id)).toMatchObject([{ event_type: 'media.ready' }]);
    await lab.announce(id, `file:///uploads/${id}`, 'mallory');
    const refused = [{ payload: { user_id: 'mallory', reason: 'forbidden' } }];
    await expect.poll(() => lab.eventsOf(id, 'media.failed'), { timeout: 10_000 }).toMatchObject(refused);
    expect(await lab.row(id)).toMatchObject({ userId: 'u1', state: 'ready' });
  });
});
