import fc from 'fast-check';
import { expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { channelFor, defineChannel, mount } from '../../src/engine/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';
import { LongPollClient } from '../support/longpoll.ts';
import { room, roomSocket } from '../support/room.ts';

/** Does with whatever a client sends what a careless channel would do. */
const careless = channelFor<{ name: string }>()(defineChannel({ topic: 'careless:*' }), {
  join: ({ params }) => ({ reply: params }),
  unknown(payload: any, channel, { event }) {
    if (event === 'track') channel.presence.track(String(payload?.key), { payload });
    if (event === 'push') channel.push('pushed', payload);
    if (event === 'list') return channel.presence.list();
    channel.broadcast(event, payload);
    return payload;
  },
});
const socket = { ...roomSocket, channels: [room, careless] };

const strange = fc.constantFrom<unknown>(null, 0, 1, true, '', 'x'.repeat(300), '__proto__', {}, [], { toString: null }, { a: { b: [1] } }, 'ü☃💡', '\u0000');
const joinRef = fc.oneof({ weight: 6, arbitrary: fc.constantFrom<unknown>('1', '2', null) }, { weight: 1, arbitrary: strange });
const topic = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<unknown>('room:1', 'room:2', 'careless:1', `careless:${'y'.repeat(300)}`, 'phoenix') },
  { weight: 1, arbitrary: strange },
);
const event = fc.oneof(
  { weight: 4, arbitrary: fc.constant('phx_join') },
  { weight: 8, arbitrary: fc.constantFrom('phx_leave', 'heartbeat', 'say', 'echo', 'quiet', 'late', 'slow', 'deny', 'crash', 'stop', 'hush', 'bytes', 'track', 'push', 'list', 'shout', 'phx_reply', 'phx_close') },
  { weight: 1, arbitrary: strange },
);
const payload = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>({}, { body: 'hi' }, { ms: 2 }, { delay: 2 }, { deny: true }, { crash: true }, { reason: 'boom' }, { key: 'a' }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

const message = fc.tuple(joinRef, joinRef, topic, event, payload);
const v2Frame = message.map((fields) => JSON.stringify(fields));
const v1Frame = message.map(([join_ref, ref, ...rest]) => JSON.stringify({ join_ref, ref, topic: rest[0], event: rest[1], payload: rest[2] }));
const binaryFrame = fc.tuple(message, fc.uint8Array({ maxLength: 50 })).map(([fields, data]) => {
  const parts = fields.slice(0, 4).map((field) => Buffer.from(String(JSON.stringify(field) ?? '').replaceAll('"', '')).subarray(0, 255));
  return Buffer.concat([Buffer.from([0, ...parts.map((part) => part.length)]), ...parts, data]);
});
const truncated = fc.tuple(fc.oneof(v2Frame, binaryFrame), fc.nat({ max: 60 })).map(([frame, length]) => frame.slice(0, length));
const deep = fc.tuple(fc.constantFrom(990, 1_100, 100_000), fc.constantFrom('[', '{"a":')).map(([depth, open]) => {
  const nested = `${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)}`;
  return `["1",${nested},"careless:1","shout",{"a":${nested}}]`;
});
const malformed = fc.oneof(truncated, deep, fc.string(), fc.json(), fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)));

const wellFormed = fc.oneof({ weight: 6, arbitrary: v2Frame }, { weight: 1, arbitrary: v1Frame }, { weight: 2, arbitrary: binaryFrame });
const sequence = fc.array(fc.oneof({ weight: 15, arbitrary: wellFormed }, { weight: 1, arbitrary: malformed }), { minLength: 1, maxLength: 25 });

async function start() {
  const engine = await startEngine({ mounts: [mount('/socket', socket, { mailboxLimit: 50, maxBufferedBytes: 200_000 })] });
  const observer = await RawClient.open(`${engine.url}/socket/websocket?vsn=2.0.0`);
  observer.send(['1', '1', 'room:observer', 'phx_join', {}]);
  expect(await observer.drain()).toHaveLength(2);
  return { ...engine, observer };
}

/** The others heard nothing, and nothing is left but them. */
async function unharmed({ observer, endpoint }: Awaited<ReturnType<typeof start>>): Promise<void> {
  expect(await observer.drain()).toEqual([]);
  await waitFor(() => endpoint.stats().connections === 1, { what: 'the end of the other connections' });
  expect(endpoint.stats().channels).toBe(1);
  observer.send(['1', '9', 'room:observer', 'echo', 'well']);
  expect(await observer.drain()).toEqual([['1', '9', 'room:observer', 'phx_reply', { status: 'ok', response: 'well' }]]);
}

it('lives through any sequence of frames; the worst is a closed connection, and others never notice', async () => {
  const engine = await start();
  const codes = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('1.0.0', '2.0.0'), sequence, async (vsn, frames) => {
      const client = await RawClient.open(`${engine.url}/socket/websocket?vsn=${vsn}`);
      for (const frame of frames) client.ws.send(frame);
      client.ws.ping();
      const closed = await Promise.race([client.closed, new Promise<null>((resolve) => client.ws.once('pong', () => resolve(null)))]);
      if (closed !== null) codes.add(closed);
      client.ws.terminate();
    }),
    { numRuns: 3_000, interruptAfterTimeLimit: 20_000 },
  );
  await unharmed(engine);
  expect([...codes].filter((code) => code !== 1011 && code !== 1013)).toEqual([]);
  expect(codes).toContain(1011);
}, 60_000);

it('lives through any batch over long polling', async () => {
  const engine = await start();
  const lines = fc.array(fc.oneof({ weight: 10, arbitrary: fc.oneof(v2Frame, binaryFrame.map((frame) => frame.toString('base64'))) }, { weight: 1, arbitrary: fc.string() }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(lines, fc.constantFrom('application/x-ndjson', 'application/json', 'text/plain'), async (batch, type) => {
      const client = await LongPollClient.open(engine.url);
      const response = await client.post(batch.join('\n'), type);
      expect([200, 500]).toContain(response.status);
      if (response.status === 200) expect([200, 408]).toContain(((await response.json()) as { status: number }).status);
      await client.post('not a frame', 'text/plain');
    }),
    { numRuns: 300, interruptAfterTimeLimit: 20_000 },
  );
  await unharmed(engine);
}, 60_000);
