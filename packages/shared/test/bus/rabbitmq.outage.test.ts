import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { startRabbit } from '../../../../test/support/services/rabbitmq.ts';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.ts';
import { eventually, gate, labelled, labelOf, range, TYPES } from '../../src/bus/conformance/support.ts';
import { createMemoryBus, type Bus } from '../../src/bus/index.ts';
import { openRabbitBus } from '../../src/bus/rabbitmq.ts';
import { AppError, silentLog, type Log } from '../../src/kernel/index.ts';
import type { BrokerHarness } from './broker-harness.ts';
import { makeRabbitHarness, removeNamespace } from './rabbitmq-harness.ts';

/** RabbitMQ starts in some ten seconds on a busy machine. */
const BROKER_MS = 120_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function openHarness(url = inject('rabbitUrl')): Promise<BrokerHarness> {
  const harness = await makeRabbitHarness(url);
  cleanups.push(() => harness.close());
  return harness;
}

async function ownRabbit() {
  const rabbit = await startRabbit();
  cleanups.push(() => rabbit.stop());
  return rabbit;
}

/** The adapter itself, without the outbox that else stands before it. */
async function openAlone(target = inject('rabbitUrl'), log: Log = silentLog) {
  const namespace = freshName();
  const proxy = await startTcpProxy(target);
  const bury = (): Promise<never> => Promise.reject(new Error('nothing is buried here'));
  const bus = openRabbitBus({ url: proxy.through(target), namespace, bury, log }, createMemoryBus());
  cleanups.push(async () => {
    await bus.close();
    await proxy.close();
    if (target === inject('rabbitUrl')) await removeNamespace(target, namespace);
  });
  return { bus, proxy };
}

async function collect(bus: Bus, seen: string[] = []): Promise<string[]> {
  await bus.subscribe({ group: 'g', types: TYPES, leaseMs: 1_000, maxAttempts: 50, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error));
const becomesReady = (bus: Bus): Promise<unknown> => eventually(() => bus.ready().catch(codeOf), undefined);

describe('when RabbitMQ goes away', () => {
  it.each(['restart', 'kill9'] as const)('%s: what was accepted is handled, in order', async (how) => {
    const rabbit = await ownRabbit();
    const harness = await openHarness(rabbit.url);
    const bus = await harness.open();
    const seen = await collect(bus);
    const keys = range(5);
    const publishing = keys.map(async (key) => {
      for (const i of range(60)) await bus.publish(labelled(`u${key}`, `${key}.${i}`));
    });
    await eventually(() => seen.length > 20, true);
    if (how === 'restart') await rabbit.restart();
    else await rabbit.kill9().then(() => rabbit.start());
    await Promise.all(publishing);
    await vi.waitFor(() => expect(new Set(seen).size).toBe(300), { timeout: BROKER_MS });
    await eventually(() => bus.backlog('g'), 0);
    // What was on its way when the broker went comes twice, at most one event of each key.
    expect(seen.length - 300).toBeLessThanOrEqual(2 * keys.length);
    const firsts = [...new Set(seen)];
    for (const key of keys) expect(firsts.filter((label) => label.startsWith(`${key}.`))).toEqual(range(60).map((i) => `${key}.${i}`));
    expect(await harness.deadLetters('g')).toEqual([]);
  }, BROKER_MS);

  it('comes back by itself when its connections were cut; what is published meanwhile waits', async () => {
    const { bus, proxy } = await openAlone();
    const seen = await collect(bus);
    await becomesReady(bus);
    proxy.cut();
    await eventually(() => bus.ready().catch(codeOf), 'unavailable');
    const waiting = bus.publish(labelled('u', 'waits'));
    proxy.mend();
    expect(await waiting).toEqual({ duplicate: false });
    await eventually(() => seen, ['waits']);
    await becomesReady(bus);
  });

  it('says unavailable, and does not hang, when the connection is frozen; then goes on', async () => {
    const { bus, proxy } = await openAlone();
    const seen = await collect(bus);
    await bus.publish(labelled('u', 'before'));
    await eventually(() => seen, ['before']);
    proxy.freeze();
    const outcomes = await Promise.all([
      bus.ready().catch(codeOf),
      bus.backlog('g').catch(codeOf),
      bus.publish(labelled('u', 'frozen')).catch(codeOf),
    ]);
    expect(outcomes).toEqual(['unavailable', 'unavailable', 'unavailable']);
    proxy.thaw();
    await becomesReady(bus);
    await bus.publish(labelled('u', 'after'));
    // Whether the publish that got no answer took effect, nobody could know.
    await eventually(() => seen.filter((label) => label !== 'frozen'), ['before', 'after']);
  });

  it('gives the event of a frozen consumer to another, and tells the frozen one', async () => {
    const harness = await openHarness();
    const [frozen, other] = [await harness.open(), await harness.open()];
    const begun = gate();
    let abortedAt = 0;
    await frozen.subscribe({
      group: 'g',
      types: TYPES,
      leaseMs: 6_000,
      handler: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            abortedAt = performance.now();
            resolve();
          });
          begun.open();
        }),
    });
    await other.publish(labelled('u', 1));
    await begun.opened;
    harness.proxyOf(frozen).freeze();
    let begunAgainAt = 0;
    await other.subscribe({
      group: 'g',
      types: TYPES,
      leaseMs: 6_000,
      handler: async (_, { attempt }) => {
        expect(attempt).toBe(2);
        begunAgainAt = performance.now();
      },
    });
    await eventually(() => begunAgainAt > 0 && abortedAt > 0, true);
    harness.proxyOf(frozen).thaw();
  });

  it('lets a thousand publishes wait, refuses further ones at once, and forgets the others after 5 s', async () => {
    const { bus, proxy } = await openAlone();
    await becomesReady(bus);
    proxy.cut();
    const waiting = range(1_000).map((i) => bus.publish(labelled(`u${i}`, i)).catch(codeOf));
    await expect(bus.publish(labelled('u', 'one more'))).rejects.toMatchObject({ code: 'overloaded' });
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unavailable']));
  });

  it('starts without RabbitMQ, is not ready, and is there when RabbitMQ is', async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLog, info: () => undefined, debug: () => undefined, warn: (...said: unknown[]) => void warnings.push(said) } as unknown as Log;
    const { bus, proxy } = await openAlone(inject('rabbitUrl'), log);
    proxy.cut();
    await eventually(() => bus.ready().catch(codeOf), 'unavailable');
    const subscribing = collect(bus);
    await expect(bus.publish(labelled('u', 1))).rejects.toMatchObject({ code: 'unavailable' });
    proxy.mend();
    const seen = await subscribing;
    await bus.publish(labelled('u', 2));
    await eventually(() => seen, ['2']);
    // A few for each of the three connections, as reasons change; not one for each of the many tries.
    expect(warnings.length).toBeLessThan(10);
    expect(JSON.stringify(warnings)).not.toContain('guest');
  });

  it('refuses a subscription that waits for it in vain', async () => {
    const { bus, proxy } = await openAlone();
    proxy.cut();
    await expect(collect(bus)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses events while the broker has no room, and lets what it has be handled', async () => {
    const rabbit = await ownRabbit();
    const { bus } = await openAlone(rabbit.url);
    const subscription = await bus.subscribe({ group: 'late', types: TYPES, handler: async () => undefined });
    await subscription.stop();
    for (const i of range(20)) await bus.publish(labelled(`u${i}`, i));
    await writeFile(path.join(rabbit.folder, 'rabbitmq.conf'), 'vm_memory_high_watermark.absolute = 1MB\n');
    await rabbit.restart();
    await eventually(() => bus.publish(labelled('u', 'too much')).catch(codeOf), 'unavailable');
    await expect(bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
    const late: string[] = [];
    await bus.subscribe({ group: 'late', types: TYPES, handler: async (event) => void late.push(labelOf(event)) });
    await eventually(() => new Set(late.filter((label) => label !== 'too much')).size, 20);
  }, BROKER_MS);
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

it('takes nothing more when it is closed', async () => {
  const { bus } = await openAlone();
  await collect(bus);
  await bus.close();
  await expect(bus.publish(labelled('u', 2))).rejects.toMatchObject({ code: 'unavailable' });
  await expect(bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(collect(bus)).rejects.toMatchObject({ code: 'unavailable' });
});
