/**
 * The job farm beside bare BullMQ on the same backend, in one run with private servers on this machine:
 * `npm run bench -- farm [--only redis,postgres] [--jobs N] [--concurrency N] [--work MS,MS] [--rounds N] [--memory-jobs N] [--json FILE]`.
 * A job does nothing, or computes for some time. Bare BullMQ is done when it returns; the farm when its outcome, an event, is committed to PostgreSQL.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openQueues } from '@armoricore/shared/queues';
import { silentLog } from '@armoricore/shared/kernel';
import { runNoopJobs, usedMemory } from '../packages/shared/test/queues/noop-jobs.ts';
import { startRedis } from '../test/support/services/redis.ts';
import { CONTESTANTS, type Contestant } from './load/contestants.ts';
import { openPlace, type Place } from './load/place.ts';
import { bounded, chosen, report, type Result } from './load/report.ts';

const MiB = 1024 ** 2;
const BACKENDS = { redis: true, postgres: true };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(BACKENDS).join(',') },
    jobs: { type: 'string', default: '5000' },
    concurrency: { type: 'string', default: '400' },
    work: { type: 'string', default: '0,1' },
    rounds: { type: 'string', default: '3' },
    'memory-jobs': { type: 'string', default: '200000' },
    json: { type: 'string' },
  },
});
const jobs = bounded('jobs', values.jobs, 100, 1_000_000);
const concurrency = bounded('concurrency', values.concurrency, 1, 1_000);
const works = values.work.split(',').map((ms) => bounded('work', ms, 0, 1_000));
const rounds = bounded('rounds', values.rounds, 1, 20);
const memoryJobs = bounded('memory-jobs', values['memory-jobs'], 1_000, 10_000_000);

interface Measured {
  rate: number;
  /** Processor time of this process, without the servers', in µs. */
  cpu: number;
}

/** Each contestant's jobs per second and processor time per job: the medians of rounds in which they take turns. */
async function race(place: Place, workMs: number): Promise<Record<Contestant, Measured>> {
  const names = Object.keys(CONTESTANTS) as Contestant[];
  const found = new Map(names.map((name): [Contestant, Measured[]] => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    const count = round === 0 ? Math.min(jobs, 500) : jobs;
    for (const name of names) {
      const run = await CONTESTANTS[name](place, { concurrency, workMs });
      const begun = performance.now();
      const cpuBefore = process.cpuUsage();
      await run.through(count);
      const { user, system } = process.cpuUsage(cpuBefore);
      const measured = { rate: (count / (performance.now() - begun)) * 1000, cpu: (user + system) / count };
      await run.stop();
      if (round > 0) found.get(name)!.push(measured); // The first round warms up.
    }
  }
  const medianOf = (name: Contestant, figure: keyof Measured): number => median(found.get(name)!.map((measured) => measured[figure]));
  return Object.fromEntries(names.map((name) => [name, { rate: medianOf(name, 'rate'), cpu: medianOf(name, 'cpu') }])) as Record<Contestant, Measured>;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

/** How much Redis keeps of jobs that are over. */
async function memory(): Promise<Result> {
  const redis = await startRedis({ settings: { appendonly: 'no' } });
  const queues = await openQueues({ redisUrl: redis.url, databaseUrl: '', log: silentLog });
  try {
    const before = await usedMemory(redis.url);
    const begun = performance.now();
    await runNoopJobs(queues, memoryJobs);
    const seconds = (performance.now() - begun) / 1000;
    const after = await usedMemory(redis.url);
    return { row: `${memoryJobs} jobs`, metrics: { 'MiB before': before / MiB, 'MiB after': after / MiB, 'MiB more': (after - before) / MiB, 'jobs/s': memoryJobs / seconds } };
  } finally {
    await queues.close();
    await redis.stop();
  }
}

const results: Result[] = [];
for (const backend of chosen('only', values.only, BACKENDS)) {
  process.stderr.write(`${backend} …\n`);
  const place = await openPlace(backend as keyof typeof BACKENDS);
  try {
    for (const workMs of works) {
      const measured = await race(place, workMs);
      for (const [name, { rate, cpu }] of Object.entries(measured)) {
        const against = { 'of bare BullMQ': rate / measured['bare BullMQ'].rate, 'of BullMQ + a write': rate / measured['BullMQ + a write'].rate };
        results.push({ row: `${backend}, ${workMs} ms each: ${name}`, metrics: { 'jobs/s': rate, ...against, 'CPU µs/job': cpu } });
      }
    }
  } finally {
    await place.close();
  }
}
process.stderr.write('memory …\n');
const kept = await memory();
process.stdout.write(report(`${jobs} jobs, ${concurrency} at once, median of ${rounds} rounds`, results));
process.stdout.write(report('Memory of Redis', [kept]));
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, jobs, concurrency, works, rounds, results, memory: kept }, null, 2)}\n`);
