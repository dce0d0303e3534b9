/**
 * What the whole media job costs over the bare ffmpeg command that makes the same ladder, one after the other in one run:
 * `npm run bench -- transcode [--seconds N] [--height 1080] [--rounds N] [--json FILE]`.
 * Processor time is that of the process and of all tools it started; the start of the process itself, which a worker does once,
 * is left out.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { bounded, report, type Result } from './load/report.ts';
import { measured, type Cost } from './load/cost.ts';

const run = promisify(execFile);
const WORKER = path.join(import.meta.dirname, 'load', 'transcode-worker.ts');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '40' },
    height: { type: 'string', default: '1080' },
    rounds: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const seconds = bounded('seconds', values.seconds, 4, 600);
const height = bounded('height', values.height, 144, 2160);
const rounds = bounded('rounds', values.rounds, 1, 9);

const home = await mkdtemp(path.join(tmpdir(), 'bench-transcode-'));
try {
  const clip = path.join(home, 'clip.mp4');
  const size = `${Math.round((height * 8) / 9) * 2}x${height}`;
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=30:d=${seconds}`, '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:d=${seconds}`];
  // Grain, which a camera has and a generator has not.
  const codecs = ['-vf', 'noise=alls=12:allf=t', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart'];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...pictures, ...codecs, clip]);

  const bare: Cost[] = [];
  const job: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    const dir = path.join(home, `round-${round}`);
    await mkdir(dir);
    const plan = path.join(dir, 'plan.json');
    await run(process.execPath, [WORKER, 'plan', clip, path.join(dir, 'bare'), plan]);
    const { args } = JSON.parse(await readFile(plan, 'utf8')) as { args: string[] };
    // By turns, so that a machine that grows slower is fair to both.
    const bareRun = async (): Promise<void> => void bare.push(await measured('ffmpeg', args));
    const jobRun = async (): Promise<void> => {
      const started = path.join(dir, 'started.json');
      const all = await measured(process.execPath, [WORKER, 'job', clip, path.join(dir, 'job'), started]);
      const start = JSON.parse(await readFile(started, 'utf8')) as Cost;
      job.push({ cpuS: all.cpuS - start.cpuS, wallS: all.wallS - start.wallS });
    };
    for (const step of round % 2 === 0 ? [bareRun, jobRun] : [jobRun, bareRun]) await step();
    await rm(dir, { recursive: true, force: true });
  }

  const mean = (costs: readonly Cost[], of: keyof Cost): number => costs.reduce((sum, cost) => sum + cost[of], 0) / costs.length;
  const row = (name: string, costs: readonly Cost[]): Result => ({ row: name, metrics: { 'CPU s': mean(costs, 'cpuS'), 'wall s': mean(costs, 'wallS') } });
  const over = { 'CPU s': mean(job, 'cpuS') / mean(bare, 'cpuS'), 'wall s': mean(job, 'wallS') / mean(bare, 'wallS') };
  const results = [row('ffmpeg alone', bare), row('the whole job', job), { row: 'job : ffmpeg', metrics: over }];
  process.stdout.write(report(`${seconds} s of ${size}, ${rounds} round${rounds === 1 ? '' : 's'}`, results));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  await rm(home, { recursive: true, force: true });
}
