import { readdir, readFile, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS, newId, type ErrorCode } from '@armoricore/shared/kernel';
import { AAC, H264, makeClip, pictures, sound } from './support/clips.ts';
import { HOSTILE, type Bait } from './support/hostile.ts';
import { startJobsLab, type JobsLab } from './support/jobs-lab.ts';

const REFUSED_WITHIN_MS = 10_000;
let lab: JobsLab;
let bait: Bait;
let listener: Server;
let calls = 0;

beforeAll(async () => {
  lab = await startJobsLab();
  listener = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const file = join(lab.workDir, 'clip.mp4');
  await makeClip([...pictures('320x240', 3), ...sound(3), ...H264, ...AAC, '-movflags', 'faststart'], file);
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  bait = { file, port: address.port, clip: await readFile(file), dir: lab.workDir };
});
afterAll(async () => {
  await lab.close();
  listener.close();
});

/** Tools of this lab that still run. */
async function orphans(): Promise<string[]> {
  const home = dirname(lab.workDir);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => /ff(mpeg|probe)/.test(line) && line.includes(home));
}

async function expectRefusal(id: string): Promise<ErrorCode> {
  const results = await lab.ended(id);
  expect(results).toMatchObject([{ event_type: 'media.failed' }]);
  const { reason } = results[0]!.payload as { reason: ErrorCode };
  expect(ERRORS[reason].class).toBe('permanent');
  expect(await lab.storage.list(`media/${id}`)).toEqual([]);
  expect(await lab.scratchEntries()).toEqual([]);
  expect(await orphans()).toEqual([]);
  expect(calls).toBe(0);
  return reason;
}

describe('a hostile file is refused in time, and leaves and reaches nothing', () => {
  test.each(HOSTILE)('$name', async ({ make }) => {
    const bytes = Buffer.from((await make(bait)) as Buffer);
    const begun = performance.now();
    const id = await lab.upload(bytes);
    await expectRefusal(id);
    expect(performance.now() - begun).toBeLessThan(REFUSED_WITHIN_MS);
  });

  test('a link in the storage', async () => {
    const id = newId();
    await lab.storage.put(`uploads/${id}/source`, Buffer.from('x'), { contentType: 'video/mp4' });
    await symlink(bait.file, lab.pathOf(`uploads/${id}/link`));
    await lab.announce(id, `file:///uploads/${id}/link`);
    await expectRefusal(id);
  });

  test.each(['-y', "it's", 'a\nb', '"$(touch x)"', '%2e%2e/%2e%2e/etc/hostname', 'a|b', '-i'])('the name %j', async (name) => {
    const id = newId();
    await lab.announce(id, `file:///uploads/${encodeURIComponent(name)}`);
    await expectRefusal(id);
  });
});

describe('what is only odd', () => {
  test('a clock that jumps by a day is set right', async () => {
    const parts = await Promise.all(
      [0, 86_000].map(async (offset) => {
        const file = join(lab.workDir, `part-${offset}.ts`);
        await makeClip([...pictures('160x120', 2), ...H264, '-output_ts_offset', String(offset)], file);
        return readFile(file);
      }),
    );
    const id = await lab.upload(Buffer.concat(parts));
    const [event] = await lab.ended(id);
    expect(event?.event_type).toBe('media.ready');
    const { duration_ms } = event!.payload as { duration_ms: number };
    expect(Math.abs(duration_ms - 4000)).toBeLessThan(300);
  });

  test('a clip with one bad spot is made, and says so', async () => {
    const copy = Buffer.from(bait.clip);
    const from = copy.indexOf('mdat', 0, 'latin1') + Math.floor(copy.length * 0.3);
    copy.fill(0x55, from, from + 60);
    const id = await lab.upload(copy);
    const [event] = await lab.ended(id);
    expect(event?.payload).toMatchObject({ metadata: { media_info: { faults: expect.any(Number) } } });
  });
});

test('a job that takes more disk than it may ends with a reason', async () => {
  const small = await startJobsLab({ MEDIA_SCRATCH_BYTES: String(bait.clip.length - 1) });
  try {
    const id = await small.upload(bait.clip);
    expect(await small.ended(id)).toMatchObject([{ payload: { reason: 'media_too_large', message: expect.stringContaining('disk') } }]);
    expect(await small.scratchEntries()).toEqual([]);
  } finally {
    await small.close();
  }
});
