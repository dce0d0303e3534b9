/**
 * Updates of one reel to many clients, with a private PostgreSQL and a server process of its own for each way:
 * `npm run bench -- reels [--subscribers N] [--rate N] [--seconds N] [--json FILE]`.
 * Views come in at a steady rate; each is an update. What windows and Protobuf take is compared with one JSON frame for each
 * update and client, broadcast by the engine as it comes. Delays count from when a view was due until a client knew of it.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { ReelUpdateBatchSchema } from '../packages/realtime/src/generated/armoricore/v1/reel_pb.ts';
import { Client, PATIENCE_MS } from './load/client.ts';
import { atATime } from './load/crowd.ts';
import { clientFrame } from './load/frames.ts';
import { Latencies } from './load/measure.ts';
import { openPlace } from './load/place.ts';
import { startPlainEngine, startReels, type ReelServer } from './load/reel-servers.ts';
import { bounded, report, type Result } from './load/report.ts';

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '8' },
    json: { type: 'string' },
  },
});
const subscribers = bounded('subscribers', values.subscribers, 10, 5_000);
const rate = bounded('rate', values.rate, 1, 10_000);
const seconds = bounded('seconds', values.seconds, 1, 60);

const SENDERS = 10;
/** Clients that read what comes; of the others the bytes alone are counted. */
const OBSERVERS = 5;
/** Until the code is compiled, in s. */
const WARM_UP_S = 3;

type Encoding = 'json' | 'protobuf';
const WAYS: Record<string, { start: (databaseUrl: string) => Promise<ReelServer>; encoding: Encoding }> = {
  'engine, a JSON frame an update': { start: startPlainEngine, encoding: 'json' },
  'reels without windows': { start: (url) => startReels(url, 0), encoding: 'json' },
  'reels, JSON': { start: (url) => startReels(url, undefined), encoding: 'json' },
  'reels, Protobuf': { start: (url) => startReels(url, undefined), encoding: 'protobuf' },
};

async function join({ port, path, topic }: ReelServer, user: string, encoding: Encoding): Promise<Client> {
  const client = await Client.open(port, await path(user));
  client.send(clientFrame(JSON.stringify(['1', '1', topic, 'phx_join', { encoding }])));
  const reply = await client.frame((text) => text.includes('phx_reply'));
  if (!reply.includes('"status":"ok"')) throw new Error(reply);
  return client;
}

/** How many views a frame tells of. */
function viewsOf(payload: Buffer): number {
  if (payload[0] === 2) {
    const { updates } = fromBinary(ReelUpdateBatchSchema, payload.subarray(3 + payload[1]! + payload[2]!));
    return updates.reduce((sum, { updateData }) => sum + Number(updateData['views'] ?? 0), 0);
  }
  const [, , , , { update_data }] = JSON.parse(payload.toString()) as [unknown, unknown, string, string, { update_data?: { views?: number } }];
  return update_data?.views ?? 0;
}

interface Observer {
  /** When the client knew of the first view, the second, … */
  seen: number[];
  frames: number;
}

function observe({ reader }: Client): Observer {
  const observer: Observer = { seen: [], frames: 0 };
  reader.look = (payload) => {
    const views = viewsOf(payload);
    if (views > 0) observer.frames += 1;
    for (let i = 0; i < views; i += 1) observer.seen.push(performance.now());
  };
  return observer;
}

/** Views at the rate, from senders in turn, until each observer knows of all; answers when the first was due. */
async function view({ topic, view: [event, payload] }: ReelServer, senders: readonly Client[], observers: readonly Observer[], total: number): Promise<number> {
  for (const observer of observers) Object.assign(observer, { seen: [], frames: 0 });
  const started = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.ceil(((performance.now() - started) * rate) / 1_000));
    for (; sent < due; sent += 1) senders[sent % SENDERS]!.send(clientFrame(JSON.stringify(['1', String(sent), topic, event, payload])));
    await pause(1);
  }
  const deadline = performance.now() + PATIENCE_MS;
  while (observers.some(({ seen }) => seen.length < total) && performance.now() < deadline) await pause(10);
  const missing = observers.reduce((sum, { seen }) => sum + total - seen.length, 0);
  if (missing > 0) throw new Error(`${missing} views were not told of`);
  return started;
}

async function measure(server: ReelServer, encoding: Encoding): Promise<Record<string, number>> {
  const clients: Client[] = [];
  try {
    await atATime(32, subscribers, async (i) => void clients.push(await join(server, `user-${i}`, encoding)));
    const senders = await Promise.all(Array.from({ length: SENDERS }, (_, i) => join(server, `sender-${i}`, 'json')));
    clients.push(...senders);
    const subscribed = clients.slice(0, subscribers);
    const observers = subscribed.slice(0, OBSERVERS).map(observe);
    for (const { socket } of clients.slice(OBSERVERS)) socket.removeAllListeners('data').resume();
    await view(server, senders, observers, rate * WARM_UP_S);
    const [cpu, bytes] = [await server.cpuSeconds(), bytesOf(subscribed)];
    const started = await view(server, senders, observers, rate * seconds);
    const metrics = { 'MB received': (bytesOf(subscribed) - bytes) / 1e6, 'server CPU s': (await server.cpuSeconds()) - cpu, 's': (performance.now() - started) / 1_000 };
    const closed = clients.filter(({ socket }) => socket.destroyed).length;
    if (closed > 0) throw new Error(`${closed} clients were closed`);
    const latencies = new Latencies();
    for (const { seen } of observers) seen.forEach((at, k) => latencies.add(at - (started + (k * 1_000) / rate)));
    const frames = (observers.reduce((sum, one) => sum + one.frames, 0) / OBSERVERS) * subscribers;
    return { frames, ...metrics, 'p50 ms': latencies.quantile(0.5), 'p99 ms': latencies.quantile(0.99) };
  } finally {
    for (const client of clients) client.socket.destroy();
    await server.stop();
  }
}

const bytesOf = (clients: readonly Client[]): number => clients.reduce((sum, { socket }) => sum + socket.bytesRead, 0);

const place = await openPlace('postgres');
try {
  const results: Result[] = [];
  for (const [row, { start, encoding }] of Object.entries(WAYS)) results.push({ row, metrics: await measure(await start(place.databaseUrl), encoding) });
  const [plain, best] = [results[0]!.metrics, results.at(-1)!.metrics];
  const part = (figure: string): string => (plain[figure]! / best[figure]!).toFixed(1);
  const title = `${rate} updates a second to ${subscribers} clients for ${seconds} s: windows and Protobuf take 1/${part('MB received')} of the bytes and 1/${part('server CPU s')} of the processor`;
  process.stdout.write(report(title, results));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ subscribers, rate, seconds, results }, null, 2)}\n`);
} finally {
  await place.close();
}
