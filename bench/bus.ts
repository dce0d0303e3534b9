/**
 * The buses side by side in one run, each with a private server on this machine:
 * `npm run bench -- bus [--only postgres,redis] [--events N] [--rate N] [--seconds N] [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createMemoryBus, openBus, type Bus } from '@armoricore/shared/bus';
import { migrateDatabase, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createBury } from '@armoricore/shared/dead-letters';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { silentLog } from '@armoricore/shared/kernel';
import { openStorage } from '@armoricore/shared/storage';
import { startPostgres } from '../infra/local/src/postgres.ts';
import { startNats } from '../test/support/services/nats.ts';
import { startRabbit } from '../test/support/services/rabbitmq.ts';
import { startRedis } from '../test/support/services/redis.ts';
import { Latencies } from './load/measure.ts';
import { bounded, chosen, report, type Result } from './load/report.ts';

const BROKERS = { postgres: null, redis: startRedis, nats: startNats, rabbitmq: startRabbit, memory: null };
const KEYS = 500;
/** Publishes under way at a time. */
const PUBLISHERS = 64;
const CONCURRENCY = 64;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(BROKERS).join(',') },
    events: { type: 'string', default: '5000' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});
const events = bounded('events', values.events, 100, 100_000);
const rate = bounded('rate', values.rate, 1, 2_000);
const seconds = bounded('seconds', values.seconds, 1, 60);

type Stamped = BusEvent<'user.revoked'>;
const makeEvent = (i: number): Stamped =>
  createEvent('user.revoked', { user_id: `user-${i % KEYS}`, reason: performance.now().toFixed(3) }, { source: 'backend' });

/** Subscribes, counts, and notes how old each event is. */
async function listen(bus: Bus): Promise<{ latencies: Latencies; until(count: number): Promise<void> }> {
  const latencies = new Latencies();
  let handled = 0;
  await bus.subscribe({
    group: 'bench',
    types: ['user.revoked'],
    concurrency: CONCURRENCY,
    async handler({ payload }) {
      handled += 1;
      latencies.add(performance.now() - Number(payload.reason));
    },
  });
  const until = async (count: number): Promise<void> => {
    for (const deadline = performance.now() + 120_000; handled < count; await pause(5)) {
      if (performance.now() > deadline) throw new Error(`only ${handled} of ${count} events came`);
    }
  };
  return { latencies, until };
}

/** As many events as a number of publishers bring in; from the first publish to the last event handled. */
async function throughput(bus: Bus, publish: (event: Stamped) => Promise<unknown>): Promise<Record<string, number>> {
  const { until } = await listen(bus);
  const start = performance.now();
  let next = 0;
  const publishSome = async (): Promise<void> => {
    while (next < events) await publish(makeEvent(next++));
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publishSome));
  const published = performance.now();
  await until(events);
  const perSecond = (ms: number): number => (events / ms) * 1000;
  return { 'published/s': perSecond(published - start), 'handled/s': perSecond(performance.now() - start) };
}

/** At a steady rate: how long an event takes from its publish to its handler. */
async function latency(bus: Bus, publish: (event: Stamped) => Promise<unknown>): Promise<Record<string, number>> {
  const { latencies, until } = await listen(bus);
  const start = performance.now();
  const total = rate * seconds;
  const underWay: Promise<unknown>[] = [];
  for (let i = 0; i < total; i++) {
    const wait = start + (i * 1000) / rate - performance.now();
    if (wait > 0) await pause(wait);
    underWay.push(publish(makeEvent(i)));
  }
  await Promise.all(underWay);
  await until(total);
  return { 'p50 ms': latencies.quantile(0.5), 'p99 ms': latencies.quantile(0.99) };
}

async function measure(name: string): Promise<Result[]> {
  if (name === 'memory') return [{ row: 'memory', metrics: await both(() => Promise.resolve(createMemoryBus()), (bus) => (event) => bus.publish(event)) }];
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(tmpdir(), 'armoricore-bench-'));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = await startPostgres({ dataDir: path.join(dir, 'postgres') });
  parts.defer(() => postgres.stop());
  await migrateDatabase(postgres.url);
  const broker = await BROKERS[name as keyof typeof BROKERS]?.();
  if (broker !== undefined) parts.defer(() => broker.stop());
  const database = openDatabase(postgres.url, { max: 40, log: silentLog });
  parts.defer(() => database.stop());
  const storage = await openStorage({
    STORAGE_DIR: dir, SECRET_KEY_BASE: 'b'.repeat(32), PUBLIC_URL: 'http://localhost', CDN_BASE_URL: undefined, PLAYBACK_URL_TTL_S: 60,
  });
  let opened = 0;
  const open = (): Promise<Bus> =>
    openBus({ BUS_URL: broker?.url, BUS_NAMESPACE: `bench-${(opened += 1)}` }, { database, bury: createBury(database.db, storage), log: silentLog });
  const direct = { row: name, metrics: await both(open, (bus) => (event) => bus.publish(event)) };
  await database.pool.query('TRUNCATE events, bus_deliveries, bus_groups');
  return [direct, { row: `${name}, in a transaction`, metrics: await both(open, (bus) => withTransaction(bus, database)) }];
}

function withTransaction(bus: Bus, { db }: DatabaseHandle) {
  return (event: Stamped): Promise<unknown> => db.transaction((transaction) => bus.publish(event, { transaction }));
}

async function both(open: () => Promise<Bus>, publishOn: (bus: Bus) => (event: Stamped) => Promise<unknown>): Promise<Record<string, number>> {
  let metrics = {};
  for (const scenario of [throughput, latency]) {
    const bus = await open();
    try {
      metrics = { ...metrics, ...(await scenario(bus, publishOn(bus))) };
    } finally {
      await bus.close();
    }
  }
  return metrics;
}

const results: Result[] = [];
for (const name of chosen('only', values.only, BROKERS)) {
  process.stderr.write(`${name} …\n`);
  results.push(...(await measure(name)));
}
process.stdout.write(report(`${events} events by ${PUBLISHERS} publishers; latency at ${rate} events/s`, results));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ events, rate, seconds, results }, null, 2)}\n`);
