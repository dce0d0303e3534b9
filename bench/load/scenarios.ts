import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Crowd, atATime, joinRoom } from './crowd.ts';
import { broadcastAt } from './drive.ts';
import { ageOf, Latencies, stamped, Stopwatch } from './measure.ts';
import type { ServerProcess } from './server.ts';

export interface Size {
  members: number;
  idle: number;
  seconds: number;
}
export type Metrics = Record<string, number>;
export interface Scenario {
  title: string;
  /** Only for servers that have rooms. */
  rooms?: boolean;
  run(server: ServerProcess, size: Size): Promise<Metrics>;
}

/** Members whose every frame is looked at for its age. */
const OBSERVERS = 50;
const PAYLOAD_BYTES = 100;
const TOPIC = 'bench:1';

/** Latency, and what a frame costs the server. */
const fanOut: Scenario = {
  title: 'Fan-out at 50 messages/s of 100 bytes',
  async run(server, { members, seconds }) {
    using crowd = await Crowd.join(server, members);
    const load = { rate: 50, bytes: PAYLOAD_BYTES, observers: [] };
    const senders = [{ client: crowd.clients[members - 1]!, topic: TOPIC }];
    await broadcastAt(server.protocol, senders, { ...load, seconds: 0.5 }); // Warm-up.
    await crowd.missing(members * load.rate * 0.5);
    const before = crowd.received;
    const watch = new Stopwatch(server);
    const latencies = await broadcastAt(server.protocol, senders, { ...load, observers: crowd.clients.slice(0, OBSERVERS), seconds });
    const expected = members * load.rate * seconds;
    const lost = await crowd.missing(before + expected);
    return { 'p50 ms': latencies.quantile(0.5), 'p99 ms': latencies.quantile(0.99), 'CPU s per million frames': watch.cpuPerMillion(expected), lost };
  },
};

/** As many messages as eight at a time allow. */
const saturation: Scenario = {
  title: 'Fan-out at saturation, 8 messages under way',
  async run(server, { members, seconds }) {
    const window = 8;
    using crowd = await Crowd.join(server, members);
    const sender = crowd.clients[members - 1]!;
    const shout = server.protocol.shout(stamped(PAYLOAD_BYTES, 0), TOPIC);
    const joined = crowd.received;
    let sent = 0;
    const drive = async (forSeconds: number): Promise<void> => {
      for (const end = performance.now() + forSeconds * 1000; performance.now() < end; await nextTurn()) {
        for (; crowd.received - joined > (sent - window) * members; sent += 1) sender.send(shout);
      }
    };
    await drive(0.5);
    const before = crowd.received;
    const watch = new Stopwatch(server);
    await drive(seconds);
    const delivered = crowd.received - before;
    const measured = { 'frames/s': delivered / watch.seconds, 'CPU s per million frames': watch.cpuPerMillion(delivered) };
    return { ...measured, lost: await crowd.missing(joined + sent * members) };
  },
};

const echo: Scenario = {
  title: 'Echo, 50 clients with 4 requests under way',
  async run(server, { seconds }) {
    using crowd = await Crowd.join(server, 50);
    const latencies = new Latencies();
    const end = performance.now() + seconds * 1000;
    const request = (): Buffer => server.protocol.echo(stamped(PAYLOAD_BYTES, performance.now()), TOPIC);
    for (const client of crowd.clients) {
      client.reader.look = (payload) => {
        latencies.add(ageOf(payload));
        if (performance.now() < end) client.send(request());
      };
    }
    const before = crowd.received;
    const watch = new Stopwatch(server);
    for (const client of crowd.clients) for (let sent = 0; sent < 4; sent += 1) client.send(request());
    await pause(seconds * 1000);
    const answered = crowd.received - before;
    return {
      'round trips/s': answered / watch.seconds,
      'p50 ms': latencies.quantile(0.5),
      'p99 ms': latencies.quantile(0.99),
      'CPU s per million': watch.cpuPerMillion(answered),
    };
  },
};

const churn: Scenario = {
  title: 'Connect, join, leave, close, 64 at a time',
  async run(server, { seconds }) {
    const watch = new Stopwatch(server);
    let cycles = 0;
    await atATime(64, 64, async () => {
      for (; watch.seconds < seconds; cycles += 1) {
        const client = await joinRoom(server, TOPIC);
        await server.protocol.leave(client, TOPIC);
        await client.close();
      }
    });
    return { 'cycles/s': cycles / watch.seconds, 'CPU s per million': watch.cpuPerMillion(cycles) };
  },
};

/** The memory of a connection, as the server stands, without a forced collection. */
const idle: Scenario = {
  title: 'Joined and silent',
  async run(server, size) {
    const before = server.rssBytes();
    const watch = new Stopwatch(server);
    using crowd = await Crowd.join(server, size.idle);
    const joins = crowd.clients.length / watch.seconds;
    await pause(3_000);
    return { 'bytes per connection': (server.rssBytes() - before) / size.idle, 'joins/s': joins };
  },
};

/** What slow readers cost the server, and the others. */
const slowReaders: Scenario = {
  title: 'Slow readers: 5 of 20 stop reading what comes at 6.4 MB/s',
  async run(server, { seconds }) {
    using crowd = await Crowd.join(server, 20);
    const [slow, others] = [crowd.clients.slice(0, 5), crowd.clients.slice(5)];
    const senders = [{ client: others.at(-1)!, topic: TOPIC }];
    const load = { rate: 100, bytes: 64_000, observers: others };
    const calm = await broadcastAt(server.protocol, senders, { ...load, seconds: 2 });
    const before = server.rssBytes();
    for (const { socket } of slow) socket.pause();
    const latencies = await broadcastAt(server.protocol, senders, { ...load, seconds });
    const growth = (server.rssBytes() - before) / slow.length;
    return { 'MB per slow reader': growth / 1e6, "others' p99 ms": latencies.quantile(0.99), 'p99 ms before': calm.quantile(0.99) };
  },
};

/** 100 rooms: how many members each has. */
const ROOMS = [...Array<number>(60).fill(3), ...Array<number>(30).fill(10), ...Array<number>(9).fill(50), 500];

const mixed: Scenario = {
  title: 'Mixed rooms: 100 of 3 to 500 members, 200 messages/s',
  rooms: true,
  async run(server, { seconds }) {
    const topics = ROOMS.flatMap((members, room) => Array<string>(members).fill(`bench:${room}`));
    using crowd = await Crowd.join(server, topics.length, (index) => topics[index]!);
    const senders = ROOMS.map((_members, room) => ({ client: crowd.clients[topics.indexOf(`bench:${room}`)]!, topic: `bench:${room}` }));
    const load = { rate: 200, bytes: PAYLOAD_BYTES, observers: crowd.clients };
    const framesPerSecond = (topics.length / ROOMS.length) * load.rate;
    await broadcastAt(server.protocol, senders, { ...load, seconds: 1 }); // Warm-up.
    await crowd.missing(framesPerSecond);
    const before = crowd.received;
    const watch = new Stopwatch(server);
    const latencies = await broadcastAt(server.protocol, senders, { ...load, seconds });
    const expected = framesPerSecond * seconds;
    const lost = await crowd.missing(before + expected);
    return { 'p50 ms': latencies.quantile(0.5), 'p99 ms': latencies.quantile(0.99), 'CPU s per million frames': watch.cpuPerMillion(expected), lost };
  },
};

export const SCENARIOS: Record<string, Scenario> = { 'fan-out': fanOut, saturation, echo, churn, idle, slow: slowReaders, mixed };
