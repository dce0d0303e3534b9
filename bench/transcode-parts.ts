/**
 * How long a video takes from its upload to `media.ready` with one jobs process and with two, each on one core, in parts and in
 * one go: `npm run bench -- transcode-parts [--seconds N] [--height 360] [--part N] [--json FILE]`. Needs `taskset`.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { inArray } from 'drizzle-orm';
import { loadConfig, storageConfig } from '@armoricore/shared/config';
import { events } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { openStorage } from '@armoricore/shared/storage';
import { waitFor } from '../test/support/wait.ts';
import { openPlace, type Place } from './load/place.ts';
import { bounded, report, type Result } from './load/report.ts';

const MAIN = path.join(import.meta.dirname, '../packages/jobs/src/main.ts');
const IN_ONE_GO_S = 3600;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    height: { type: 'string', default: '360' },
    part: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});
const seconds = bounded('seconds', values.seconds, 8, 600);
const height = bounded('height', values.height, 144, 1080);
const partS = bounded('part', values.part, 2, 300);

/** Seconds from the event to its outcome with so many processes. */
async function time(clip: string, { workers, partS: part }: { workers: number; partS: number }): Promise<number> {
  await using parts = new AsyncDisposableStack();
  const place: Place = await openPlace('postgres');
  parts.defer(() => place.close());
  const dir = await mkdtemp(path.join(tmpdir(), 'bench-parts-'));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const env = {
    ...{ PATH: process.env['PATH'] ?? '', DATABASE_URL: place.databaseUrl, STORAGE_DIR: path.join(dir, 'objects'), SCRATCH_DIR: path.join(dir, 'scratch') },
    ...{ SECRET_KEY_BASE: 'x'.repeat(32), JOBS_PORT: '0', LOG_LEVEL: 'silent', QUEUE_MEDIA_CONCURRENCY: '1', MEDIA_PART_S: String(part) },
  };
  const storage = await openStorage(loadConfig({ storage: storageConfig }, env).storage);
  const id = newId();
  await storage.put(`uploads/${id}`, createReadStream(clip), { contentType: 'video/mp4' });
  for (let core = 0; core < workers; core++) {
    const child = spawn('taskset', ['-c', String(core), process.execPath, MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    parts.defer(() => end(child));
  }
  // The clock starts when all processes are there.
  await waitFor(async () => (await place.database.db.execute(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%armoricore_jobs%'`)).rows.length >= workers, { what: 'the workers', timeoutMs: 30_000 });
  const payload = { media_id: id, user_id: 'bench', file_path: `file:///uploads/${id}`, metadata: {} };
  const begun = performance.now();
  await place.bus.publish(createEvent('media.uploaded', payload, { source: 'backend' }));
  const [ended] = await waitFor(
    async () => {
      const rows = await place.database.db.select().from(events).where(inArray(events.eventType, ['media.ready', 'media.failed']));
      return rows.length > 0 && rows;
    },
    { what: 'the end of the media', timeoutMs: 1_800_000, intervalMs: 50 },
  );
  if (ended!.eventType !== 'media.ready') throw new Error(`the media failed: ${JSON.stringify(ended!.event)}`);
  return (performance.now() - begun) / 1000;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

const home = await mkdtemp(path.join(tmpdir(), 'bench-parts-clip-'));
try {
  const clip = path.join(home, 'clip.mp4');
  const size = `${Math.round((height * 8) / 9) * 2}x${height}`;
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=30:d=${seconds}`, '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:d=${seconds}`];
  const codecs = ['-vf', 'noise=alls=12:allf=t', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...pictures, ...codecs, clip]);
  const results: Result[] = [];
  const walls: Record<number, number> = {}; // Of one process, by the length of parts.
  for (const [row, workers, part] of [
    ['one process, in one go', 1, IN_ONE_GO_S],
    ['one process, in parts', 1, partS],
    ['two processes, in parts', 2, partS],
  ] as const) {
    const wall = await time(clip, { workers, partS: part });
    walls[part] ??= wall;
    results.push({ row, metrics: { 'wall s': wall, 'of one in one go': wall / walls[IN_ONE_GO_S]!, 'of one in the same way': wall / walls[part]!, 'load of the machine': loadavg()[0]! } });
  }
  process.stdout.write(report(`${seconds} s of ${size} in parts of ${partS} s; each process on one core`, results));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  await rm(home, { recursive: true, force: true });
}
