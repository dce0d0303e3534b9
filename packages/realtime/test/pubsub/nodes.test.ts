import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { Presence, Socket } from 'phoenix';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { answer, collect, connectPhoenix, type PhoenixSocket } from '../support/phoenix.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/node.ts', import.meta.url));
const AnySocket = Socket as unknown as new (url: string, options: object) => PhoenixSocket;

interface ClusterNode {
  url: string;
  process: ChildProcess;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function startNode(url: string, namespace: string): Promise<ClusterNode> {
  const child = spawn(process.execPath, [FIXTURE, url, namespace], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  onTestFinished(() => end('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: line, process: child, end };
}

/** A client of phoenix.js in the party, with what its Presence shows: how many metas each key has. */
async function enter(node: ClusterNode, name: string) {
  const socket = connectPhoenix(AnySocket, `${node.url}/socket`, { params: { name }, reconnectAfterMs: () => 3_600_000 });
  const channel = socket.channel('party:1');
  const presence = new Presence(channel as never);
  const left: string[] = [];
  presence.onLeave((key, current) => void (current.metas.length === 0 && left.push(key!)));
  const said = collect(channel, 'said');
  await answer(channel.join());
  const guests = (): Record<string, number> => Object.fromEntries(presence.list((key, { metas }) => [key, metas.length] as [string, number]));
  return { channel, said, guests, left };
}

const sees = (client: { guests(): object }, guests: object, timeoutMs = 10_000): Promise<unknown> =>
  waitFor(() => JSON.stringify(sorted(client.guests())) === JSON.stringify(sorted(guests)), { timeoutMs, what: `the guests ${JSON.stringify(guests)}` });
const sorted = (guests: object): unknown => Object.entries(guests).toSorted(([a], [b]) => (a < b ? -1 : 1));

async function database(): Promise<string> {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  return url;
}

describe.each([
  ['PostgreSQL', database],
  ['Redis', () => Promise.resolve(inject('redisUrl'))],
  ['NATS', () => Promise.resolve(inject('natsUrl'))],
])('two processes over %s', (_name, urlOf) => {
  it('are one: broadcasts in order, large ones and texts of all kinds, and presence', async () => {
    const [url, namespace] = [await urlOf(), freshName()];
    const [one, two] = await Promise.all([startNode(url, namespace), startNode(url, namespace)]);
    const [anna, ben] = [await enter(one, 'anna'), await enter(two, 'ben')];
    await Promise.all([sees(anna, { anna: 1, ben: 1 }), sees(ben, { anna: 1, ben: 1 })]);

    const bodies = ['ü ☃ 💡', 'x'.repeat(300_000), '☃'.repeat(100_000), ...Array.from({ length: 200 }, (_, index) => `${index}`)];
    for (const body of bodies) anna.channel.push('say', { body });
    await waitFor(() => ben.said.length === bodies.length && anna.said.length === bodies.length);
    for (const { said } of [anna, ben]) expect(said.map(({ payload }) => payload.body)).toEqual(bodies);

    anna.channel.leave();
    await sees(ben, { ben: 1 });
  });
});

describe('a node that ends', () => {
  it('by kill -9 is gone from presence within 10 s; who came back elsewhere meanwhile has not left', async () => {
    const [url, namespace] = [await database(), freshName()];
    const [one, two] = await Promise.all([startNode(url, namespace), startNode(url, namespace)]);
    await enter(one, 'anna');
    await enter(one, 'cleo');
    const ben = await enter(two, 'ben');
    await sees(ben, { anna: 1, ben: 1, cleo: 1 });
    await one.end('SIGKILL');
    const killed = performance.now();
    await enter(two, 'cleo');
    await sees(ben, { anna: 1, ben: 1, cleo: 2 });
    await sees(ben, { ben: 1, cleo: 1 }, 20_000);
    const seconds = (performance.now() - killed) / 1_000;
    console.warn(`the ghost was gone ${seconds.toFixed(1)} s after kill -9`);
    expect(seconds).toBeLessThan(10);
    expect(ben.left).toEqual(['anna']);
  });

  it('in good order hands its clients over without a leave', async () => {
    const [url, namespace] = [await database(), freshName()];
    const [one, two] = await Promise.all([startNode(url, namespace), startNode(url, namespace)]);
    await enter(one, 'anna');
    const ben = await enter(two, 'ben');
    await sees(ben, { anna: 1, ben: 1 });
    await one.end('SIGTERM');
    expect(ben.guests()).toEqual({ anna: 1, ben: 1 });
    await enter(two, 'anna');
    await sees(ben, { anna: 2, ben: 1 });
    await sees(ben, { anna: 1, ben: 1 });
    expect(ben.left).toEqual([]);
  });

  it('is told to one that starts later: it knows all that are there', async () => {
    const [url, namespace] = [await database(), freshName()];
    const one = await startNode(url, namespace);
    const anna = await enter(one, 'anna');
    const two = await startNode(url, namespace);
    const ben = await enter(two, 'ben');
    await Promise.all([sees(anna, { anna: 1, ben: 1 }), sees(ben, { anna: 1, ben: 1 })]);
  });
});
