import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { startRedis, type RedisOptions } from '../../../../test/support/services/redis.ts';
import { eventually, labelled, labelOf, NO_BACKOFF, range, TYPES } from '../../src/bus/conformance/support.ts';
import type { Bus } from '../../src/bus/index.ts';
import { openRedisBus } from '../../src/bus/redis.ts';
import { EVENT_SOURCES } from '../../src/events/index.ts';
import { AppError, silentLog, type Log } from '../../src/kernel/index.ts';
import { makeBrokerHarness, type BrokerHarness } from './broker-harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function openHarness(url = inject('redisUrl')): Promise<BrokerHarness> {
  const harness = await makeBrokerHarness(url);
  cleanups.push(() => harness.close());
  return harness;
}

async function ownRedis(options?: RedisOptions) {
  const redis = await startRedis(options);
  cleanups.push(() => redis.stop());
  return redis;
}

/** A bus without a way to dead letters. */
function openAlone(url: string, log: Log = silentLog, namespace = freshName()): Bus {
  const bus = openRedisBus({ url, namespace, bury: () => Promise.reject(new Error('nothing is buried here')), log });
  cleanups.push(() => bus.close());
  return bus;
}

async function collect(bus: Bus, group = 'g'): Promise<string[]> {
  const seen: string[] = [];
  await bus.subscribe({ group, types: TYPES, leaseMs: 1_000, maxAttempts: 50, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

/** A log whose warnings a test can look at. */
function listeningLog(): { log: Log; warnings: string[] } {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (...said: unknown[]): void => void warnings.push(String(said.at(-1)));
  return { log: { debug: ignore, info: ignore, warn, error: ignore } as unknown as Log, warnings };
}

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error));

describe('when Redis goes away', () => {
  it.each(['restart', 'kill9'] as const)('%s: what was accepted is handled, in order; what comes again says so', async (how) => {
    const redis = await ownRedis();
    const harness = await openHarness(redis.url);
    const bus = await harness.open();
    const seen: { label: string; attempt: number }[] = [];
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      leaseMs: 1_000,
      maxAttempts: 50,
      handler: async (event, { attempt }) => void seen.push({ label: labelOf(event), attempt }),
    });
    const accepted = new Set<string>();
    const publishing = range(5).map(async (key) => {
      for (const i of range(60)) {
        const label = `${key}.${i}`;
        await bus.publish(labelled(`u${key}`, label)).then(
          () => accepted.add(label),
          (error: unknown) => expect(codeOf(error)).toBe('unavailable'),
        );
      }
    });
    await eventually(() => seen.length > 20, true);
    if (how === 'restart') await redis.restart();
    else await redis.kill9().then(() => redis.start());
    await Promise.all(publishing);
    await eventually(() => bus.backlog('g'), 0);
    const handled = [...new Set(seen.map(({ label }) => label))].filter((label) => accepted.has(label));
    const perKey = (labels: Iterable<string>) => range(5).map((key) => [...labels].filter((label) => label.startsWith(`${key}.`)));
    expect(perKey(handled)).toEqual(perKey(accepted));
    expect(accepted.size).toBeGreaterThan(200);
    const firsts = seen.filter(({ attempt }) => attempt === 1);
    expect(new Set(firsts.map(({ label }) => label)).size).toBe(firsts.length);
    expect(await harness.deadLetters('g')).toEqual([]);
  });

  it('comes back by itself when its connections were cut', async () => {
    const harness = await openHarness();
    const bus = await harness.open();
    const seen = await collect(bus);
    const proxy = harness.proxyOf(bus);
    proxy.cut();
    await expect(bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
    const waiting = bus.publish(labelled('u', 'waits'));
    proxy.mend();
    expect(await waiting).toEqual({ duplicate: false });
    await eventually(() => seen, ['waits']);
    await eventually(() => bus.ready().catch(codeOf), undefined);
  });

  it('says unavailable, and does not hang, when the connection is frozen; then goes on', async () => {
    const harness = await openHarness();
    const bus = await harness.open();
    const seen = await collect(bus);
    await bus.publish(labelled('u', 'before'));
    await eventually(() => seen, ['before']);
    const proxy = harness.proxyOf(bus);
    proxy.freeze();
    const outcomes = await Promise.all([
      bus.ready().catch(codeOf),
      bus.backlog('g').catch(codeOf),
      bus.publish(labelled('u', 'frozen')).catch(codeOf),
    ]);
    expect(outcomes).toEqual(['unavailable', 'unavailable', 'unavailable']);
    proxy.thaw();
    await eventually(() => bus.ready().catch(codeOf), undefined);
    await bus.publish(labelled('u', 'after'));
    // Whether the publish that got no answer took effect, nobody could know.
    await eventually(() => seen.filter((label) => label !== 'frozen'), ['before', 'after']);
  });

  it('lets a thousand publishes wait, refuses further ones at once, and forgets the others after 5 s', async () => {
    const harness = await openHarness();
    const bus = await harness.open();
    await bus.ready();
    harness.proxyOf(bus).cut();
    const waiting = range(1_000).map((i) => bus.publish(labelled(`u${i}`, i)).catch(codeOf));
    const begun = performance.now();
    await expect(bus.publish(labelled('u', 'one more'))).rejects.toMatchObject({ code: 'overloaded' });
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unavailable']));
  });

  it('starts without Redis, is not ready, and is there when Redis is', async () => {
    const redis = await ownRedis();
    await redis.kill9();
    const { log, warnings } = listeningLog();
    const bus = openAlone(redis.url, log);
    await expect(bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
    const subscribing = collect(bus);
    await expect(bus.publish(labelled('u', 1))).rejects.toMatchObject({ code: 'unavailable' });
    await redis.start();
    const seen = await subscribing;
    await bus.publish(labelled('u', 2));
    await eventually(() => seen, ['2']);
    // Once, not for each of the many tries.
    expect(warnings.filter((said) => said.includes('cannot be reached'))).toHaveLength(1);
  });

  it('refuses a subscription that waits for it in vain', async () => {
    const bus = openAlone('redis://127.0.0.1:1');
    await expect(collect(bus)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses events when its memory is full, and lets what it has be handled', async () => {
    const redis = await ownRedis({ settings: { maxmemory: '8mb', 'maxmemory-policy': 'noeviction' } });
    const bus = openAlone(redis.url);
    const big = 'x'.repeat(100_000);
    let accepted = 0;
    const fill = async (): Promise<string> => {
      for (;;) {
        try {
          await bus.publish({ ...labelled(`u${accepted}`, accepted), payload: { user_id: `u${accepted}`, reason: 'x', fill: big } as { user_id: string } });
          accepted += 1;
        } catch (error) {
          return codeOf(error);
        }
      }
    };
    await eventually(() => bus.ready().catch(codeOf), undefined);
    expect(await fill()).toBe('unavailable');
    expect(accepted).toBeGreaterThan(5);
    const admin = new Redis(redis.url);
    cleanups.push(() => admin.disconnect());
    await admin.config('SET', 'maxmemory', '1mb'); // Over-full now, for however small a command.
    await expect(admin.set('a', 'b')).rejects.toThrow('OOM');
    let handled = 0;
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      backoff: NO_BACKOFF,
      handler: async (_, { attempt }) => {
        if (attempt === 1) throw new Error('not at the first try');
        handled += 1;
      },
    });
    await eventually(() => handled, accepted);
    await eventually(() => bus.backlog('g'), 0);
  });
});

describe('the set-up of Redis', () => {
  it('is warned of where it loses events', async () => {
    const careless = await ownRedis({ settings: { appendonly: 'no', 'maxmemory-policy': 'allkeys-lru' } });
    const { log, warnings } = listeningLog();
    openAlone(careless.url, log);
    await eventually(() => warnings, [
      'Redis has appendonly off: a restart loses events',
      'Redis has a maxmemory-policy other than noeviction: a full memory loses events',
    ]);
  });

  it('gives the product all it needs, and a backend its own stream alone, with the permissions of docs/bus.md', async () => {
    const { url } = await ownRedis();
    const admin = new Redis(url);
    cleanups.push(() => admin.disconnect());
    const page = await readFile(new URL('../../../../docs/bus.md', import.meta.url), 'utf8');
    const rules = page.split('\n').filter((line) => line.startsWith('ACL SETUSER'));
    expect(rules).toHaveLength(2);
    for (const rule of rules) await admin.call('ACL', ...rule.split(' ').slice(1));
    const as = (user: string): string => Object.assign(new URL(url), { username: user, password: 'change-me' }).href;

    const { log, warnings } = listeningLog();
    const bus = openAlone(as('armoricore'), log, 'armoricore');
    const seen = await collect(bus);
    const backend = new Redis(as('backend'), { enableReadyCheck: false }); // That would need +info.
    cleanups.push(() => backend.disconnect());
    await backend.xadd('armoricore:in:backend', '*', 'event', JSON.stringify(labelled('u', 'sent')));
    await eventually(() => seen, ['sent']);
    expect(await bus.backlog('g')).toBe(0);
    await bus.ready();
    expect(warnings).toEqual([]);
    for (const key of ['armoricore:in:realtime', '{armoricore}:events', '{armoricore:in:backend}:lease']) {
      await expect(backend.xadd(key, '*', 'event', '{}')).rejects.toThrow('NOPERM');
    }
    await expect(backend.xrange('armoricore:in:backend', '-', '+')).rejects.toThrow('NOPERM');
  });
});

/** Runs consumer-process.ts on one event and resolves when it has begun it. */
async function consumeInProcess(harness: BrokerHarness, mode: 'hang' | 'die' | 'leave') {
  await (await harness.open()).publish(labelled('u', 'x'));
  const file = fileURLToPath(new URL('consumer-process.ts', import.meta.url));
  const database = harness.database.pool.options.connectionString ?? '';
  const args = [file, database, 'g', '600', '5', mode, harness.url, harness.namespace];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(said).trim()).toBe('x#1');
  return { child, exited };
}

describe('a consumer process', () => {
  it.each(['hang', 'die'] as const)('that is killed (%s) leaves its event to another', async (mode) => {
    const harness = await openHarness();
    const { child, exited } = await consumeInProcess(harness, mode);
    const attempts: number[] = [];
    const bus = await harness.open();
    await bus.subscribe({ group: 'g', types: TYPES, leaseMs: 600, handler: async (_, { attempt }) => void attempts.push(attempt) });
    child.kill('SIGKILL');
    await exited;
    await eventually(() => attempts, [2]);
  });

  it('ends by itself when it has closed its bus: no connection, no timer is left', async () => {
    const harness = await openHarness();
    const { exited } = await consumeInProcess(harness, 'leave');
    expect(await exited).toEqual([0, null]);
  });
});

describe('a bus that is closed', () => {
  it('leaves no connection and no lease, and takes nothing more', async () => {
    const redis = new Redis(inject('redisUrl'));
    cleanups.push(() => redis.disconnect());
    const namespace = freshName();
    const bus = openAlone(inject('redisUrl'), silentLog, namespace);
    await collect(bus);
    const connections = async () => String(await redis.client('LIST')).split(`name=${namespace}-`).length - 1;
    await eventually(connections, 2);
    await eventually(async () => (await redis.keys(`{${namespace}:in:*`)).length, EVENT_SOURCES.length);
    await bus.close();
    await eventually(connections, 0);
    expect(await redis.keys(`{${namespace}:in:*`)).toEqual([]);
    await expect(bus.publish(labelled('u', 2))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(collect(bus)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
