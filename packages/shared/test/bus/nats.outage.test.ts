import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { startNats } from '../../../../test/support/services/nats.ts';
import { eventually, gate, labelled, labelOf, range, TYPES } from '../../src/bus/conformance/support.ts';
import type { Bus } from '../../src/bus/index.ts';
import { openNatsBus } from '../../src/bus/nats.ts';
import { AppError, silentLog, type Log } from '../../src/kernel/index.ts';
import { makeBrokerHarness, type BrokerHarness } from './broker-harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function openHarness(url = inject('natsUrl')): Promise<BrokerHarness> {
  const harness = await makeBrokerHarness(url);
  cleanups.push(() => harness.close());
  return harness;
}

async function ownNats() {
  const nats = await startNats();
  cleanups.push(() => nats.stop());
  return nats;
}

async function collect(bus: Bus, group = 'g'): Promise<string[]> {
  const seen: string[] = [];
  await bus.subscribe({ group, types: TYPES, leaseMs: 1_000, maxAttempts: 50, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error));

describe('when NATS goes away', () => {
  it.each(['restart', 'kill9'] as const)('%s: what was accepted is handled, in order', async (how) => {
    const nats = await ownNats();
    const harness = await openHarness(nats.url);
    const bus = await harness.open();
    const seen = await collect(bus);
    const accepted: string[] = [];
    const refused: string[] = [];
    const keys = range(5);
    const publishing = keys.map(async (key) => {
      for (const i of range(60)) {
        const label = `${key}.${i}`;
        await bus.publish(labelled(`u${key}`, label)).then(
          ({ duplicate }) => accepted.push(duplicate ? `${label} twice` : label),
          (error: unknown) => refused.push(codeOf(error)),
        );
      }
    });
    await eventually(() => seen.length > 20, true);
    if (how === 'restart') await nats.restart();
    else await nats.kill9().then(() => nats.start());
    await Promise.all(publishing);
    const perKey = (labels: string[]) => keys.map((key) => labels.filter((label) => label.startsWith(`${key}.`)));
    // A handler whose acknowledgement got lost runs again.
    await eventually(() => perKey([...new Set(seen)]), perKey(accepted));
    await eventually(() => bus.backlog('g').catch(codeOf), 0);
    expect(refused).toEqual([]);
    expect(await harness.deadLetters('g')).toEqual([]);
  });

  it('comes back by itself when its connection was cut', async () => {
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

  it('acknowledges over a new connection what it began over the old one', async () => {
    const harness = await openHarness();
    const bus = await harness.open();
    const begun = gate();
    const finish = gate();
    const seen: string[] = [];
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      handler: async (event, { attempt }) => {
        begun.open();
        await finish.opened;
        seen.push(`${labelOf(event)}#${attempt}`);
      },
    });
    await bus.publish(labelled('u', 1));
    await bus.publish(labelled('u', 2));
    await begun.opened;
    const proxy = harness.proxyOf(bus);
    proxy.cut();
    finish.open();
    proxy.mend();
    await eventually(() => seen, ['1#1', '2#1']);
    await eventually(() => bus.backlog('g').catch(codeOf), 0);
  });

  it('says unavailable, and does not hang, when the connection is frozen; then goes on', async () => {
    const harness = await openHarness();
    const bus = await harness.open();
    const seen = await collect(bus);
    await bus.publish(labelled('u', 'before'));
    await eventually(() => seen, ['before']);
    const proxy = harness.proxyOf(bus);
    proxy.freeze();
    const outcomes = await Promise.all([bus.ready().catch(codeOf), bus.backlog('g').catch(codeOf), bus.publish(labelled('u', 'frozen')).catch(codeOf)]);
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
    await expect(bus.publish(labelled('u', 'one more'))).rejects.toMatchObject({ code: 'overloaded' });
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unavailable']));
  });

  it('starts without NATS, is not ready, says so once, and is there when NATS is', async () => {
    const nats = await ownNats();
    await nats.kill9();
    const warnings: string[] = [];
    const log = { ...silentLog, info: () => undefined, debug: () => undefined, warn: (...said: unknown[]) => void warnings.push(String(said.at(-1))) };
    const bus = await openNatsBus({ url: nats.url, namespace: freshName(), bury: async () => undefined, log: log as unknown as Log });
    cleanups.push(() => bus.close());
    await expect(bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
    await nats.start();
    const seen = await collect(bus);
    await bus.publish(labelled('u', 'there'));
    await eventually(() => seen, ['there']);
    expect(warnings).toEqual(['the broker is away', 'connected to the broker']);
  });
});

describe('a process of its own', () => {
  function run(harness: BrokerHarness, databaseUrl: string, mode: string) {
    const file = fileURLToPath(new URL('consumer-process.ts', import.meta.url));
    const args = [file, databaseUrl, 'g', '1000', '5', mode, harness.url, harness.namespace];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanups.push(() => child.kill('SIGKILL'));
    return { child, exited: once(child, 'exit'), said: once(child.stdout, 'data').then(([text]) => String(text).trim()) };
  }

  it('that is killed with an event leaves it to another', async () => {
    const harness = await openHarness();
    const { child, exited, said } = run(harness, harness.database.pool.options.connectionString!, 'hang');
    const bus = await harness.open();
    await bus.publish(labelled('u', 1));
    expect(await said).toBe('1#1');
    child.kill('SIGKILL');
    await exited;
    const seen: string[] = [];
    await bus.subscribe({ group: 'g', types: TYPES, leaseMs: 1_000, handler: async (event, { attempt }) => void seen.push(`${labelOf(event)}#${attempt}`) });
    await eventually(() => seen, ['1#2']);
  });

  it('that closes its bus has nothing left to keep it alive', async () => {
    const harness = await openHarness();
    const { exited, said } = run(harness, harness.database.pool.options.connectionString!, 'leave');
    const bus = await harness.open();
    await bus.publish(labelled('u', 1));
    expect(await said).toBe('1#1');
    expect(await exited).toEqual([0, null]);
    await eventually(() => bus.backlog('g'), 0);
  });
});
