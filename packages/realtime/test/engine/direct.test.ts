import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../../../../test/support/wait.ts';
import { channelFor, createLocalPubSub, defineChannel, mount, Refusal, type Endpoint, type SocketHandler } from '../../src/engine/index.ts';
import { RawClient, refusedStatus, startEngine } from '../support/engine.ts';

interface Guest {
  name: string;
}

const contract = defineChannel({
  topic: 'feed:{id}',
  join: { params: z.object({ encoding: z.enum(['json', 'bytes']).default('json'), slow: z.boolean().default(false) }) },
  out: { told: z.looseObject({}), secret: z.looseObject({}), moved: { payload: z.looseObject({}), volatile: true } },
});

/** How joined channels ended, and the signals of joins. */
const ended: string[] = [];
const joins: AbortSignal[] = [];
let letIn: (() => void) | null = null;

const feed = channelFor<Guest>()<typeof contract, { encoding: string }>(contract, {
  async join({ vars, params, socket, signal }) {
    if (vars.id === 'closed') throw new Refusal('forbidden');
    if (vars.id === 'crash') throw new Error('join boom');
    joins.push(signal);
    if (params.slow) await new Promise<void>((resolve) => (letIn = resolve));
    return { reply: { seen: 'by no one' }, assigns: { encoding: `${params.encoding} of ${socket.identity.name}` } };
  },
  joined: (channel) => channel.push('told', { encoding: channel.assigns.encoding }),
  intercept: {
    secret(payload, channel) {
      if (payload['stop'] === true) return channel.stop();
      if (payload['crash'] === true) throw new Error('boom');
      return channel.push('told', payload);
    },
  },
  terminate: (reason, channel) => void ended.push(`${channel.topic} ${reason}`),
});

const socket: SocketHandler<Guest> = {
  connect({ params }) {
    if (params['token'] === 'bad') throw new Refusal('unauthorized');
    return { identity: { name: String(params['name'] ?? 'nobody') }, id: `who:${String(params['name'])}`, ...(params['short'] === undefined ? {} : { expiresAt: Date.now() + 50 }) };
  },
  channels: [feed],
};
const direct = mount('/feeds/:id', socket, {
  direct: ({ params }) => ({ topic: `feed:${String(params['id'])}`, params: { encoding: params['encoding'], slow: params['slow'] === '1' } }),
  maxFrameBytes: 1_024,
});
const start = (options: Partial<ConstructorParameters<typeof Endpoint>[0]> = {}) => startEngine({ mounts: [direct, mount('/socket', socket)], ...options });

const told = (payload: object, topic = 'feed:1'): unknown[] => [null, null, topic, 'told', payload];

/** Opens one and takes its greeting. */
async function listen(url: string, query = ''): Promise<RawClient> {
  const client = await RawClient.open(`${url}/feeds/1${query}`);
  await client.next();
  return client;
}

describe('a direct mount', () => {
  it('joins whoever connects, and sends V2 frames without refs', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(`${url}/feeds/1?name=anna&vsn=1.0.0`);
    expect(await client.next()).toEqual(told({ encoding: 'json of anna' }));
    endpoint.broadcast('feed:1', 'told', { n: 1 });
    endpoint.broadcast('feed:2', 'told', { n: 2 });
    endpoint.broadcast('feed:1', 'secret', { n: 3 });
    expect([await client.next(), await client.next()]).toEqual([told({ n: 1 }), told({ n: 3 })]);
  });

  it('shares the frames of other V2 clients, and has bytes of its own: the payload alone', async () => {
    const { url, endpoint } = await start();
    const one = await listen(url, '?encoding=bytes');
    const two = await listen(url);
    const channels = await RawClient.open(`${url}/socket/websocket?vsn=2.0.0`);
    channels.send(['1', '1', 'feed:1', 'phx_join', {}]);
    await channels.drain();
    endpoint.broadcast('feed:1', 'told', Uint8Array.from([1, 2, 255]));
    endpoint.broadcast('feed:1', 'told', { text: true });
    for (const client of [one, two]) expect([await client.next(), await client.next()]).toEqual([Buffer.from([1, 2, 255]), told({ text: true })]);
    const framed = Buffer.concat([Buffer.from([2, 6, 4]), Buffer.from('feed:1told'), Buffer.from([1, 2, 255])]);
    expect([await channels.next(), await channels.next()]).toEqual([framed, told({ text: true })]);
  });

  it.each([
    ['connect refuses', '/feeds/1?token=bad', 403],
    ['the channel refuses', '/feeds/closed', 403],
    ['the params are wrong', '/feeds/1?encoding=morse', 403],
    ['the join crashes', '/feeds/crash', 500],
    ['the path goes on', '/feeds/1/websocket', 404],
  ])('refuses the upgrade when %s', async (_what, path, status) => {
    const { url, endpoint, crashes } = await start();
    expect(await refusedStatus(url + path)).toBe(status);
    expect(crashes).toHaveLength(status === 500 ? 1 : 0);
    expect(endpoint.stats()).toMatchObject({ connections: 0, channels: 0 });
  });

  it('refuses topics that no channel has, and offers no long polling', async () => {
    const { url, endpoint } = await startEngine({ mounts: [mount('/x', socket, { direct: () => ({ topic: 'attic' }) })] });
    expect(await refusedStatus(`${url}/x`)).toBe(403);
    expect((await fetch(`${url.replace('ws', 'http')}/x/longpoll`)).status).toBe(404);
    expect((await fetch(`${url.replace('ws', 'http')}/x`)).status).toBe(400);
    expect(endpoint.stats().connections).toBe(0);
  });

  it('answers heartbeats and ignores all else', async () => {
    const { url } = await start();
    const client = await listen(url);
    client.send([null, '1', 'phoenix', 'heartbeat', {}], ['1', '2', 'feed:1', 'phx_leave', {}], ['1', '3', 'feed:2', 'phx_join', {}], '{', '[1]', 'null', Buffer.from([0, 1, 2]));
    expect(await client.next()).toEqual([null, '1', 'phoenix', 'phx_reply', { status: 'ok', response: {} }]);
    expect(await client.drain()).toEqual([]);
  });

  it('closes who sends too much at once, or too often', async () => {
    const { url, endpoint } = await start();
    const large = await listen(url);
    large.send('x'.repeat(1_025));
    expect(await large.closed).toBe(1009);
    const often = await listen(url);
    for (let count = 0; count < 101; count += 1) often.send('x');
    expect(await often.closed).toBe(1013);
    await waitFor(() => endpoint.stats().connections === 0);
    expect(endpoint.stats().ends).toMatchObject({ client: 1, flood: 1 });
  });

  it('ends with its channel: in peace, or by a crash', async () => {
    const { url, endpoint } = await start();
    const [one, two] = [await listen(url), await RawClient.open(`${url}/feeds/2`)];
    await two.next();
    endpoint.broadcast('feed:1', 'secret', { stop: true });
    endpoint.broadcast('feed:2', 'secret', { crash: true });
    expect([await one.next(), await one.closed]).toEqual([[null, null, 'feed:1', 'phx_close', {}], 1000]);
    expect([await two.next(), await two.closed]).toEqual([[null, null, 'feed:2', 'phx_error', { reason: 'channel_crash' }], 1011]);
    expect(endpoint.stats()).toMatchObject({ connections: 0, channels: 0 });
  });

  it('ends like any other: by its id, its time, silence, or a drain', async () => {
    const quick = { mounts: [mount('/feeds/:id', socket, { direct: direct.direct!, idleTimeoutMs: 400 })] };
    const { url, endpoint } = await startEngine(quick);
    const expired = await listen(url, '?short=1&name=x');
    const anna = await listen(url, '?name=anna');
    endpoint.disconnect('who:anna');
    expect(await anna.closed).toBe(1001);
    expect(await expired.closed).toBe(4001);
    const silent = await listen(url, '?name=ben');
    expect(await silent.closed).toBe(1002);
    const last = await listen(url, '?name=cleo');
    await endpoint.drain();
    expect(await last.closed).toBe(1012);
    expect(ended.slice(-4)).toEqual(['disconnected', 'expired', 'read_timeout', ''].map((why) => `feed:1 shutdown${why && `:${why}`}`));
    expect(endpoint.stats().ends).toMatchObject({ disconnected: 1, expired: 1, idle: 1, drain: 1 });
  });

  it('lets go of a client that goes away, or is disconnected, while it joins', async () => {
    const { url, endpoint, port } = await start();
    letIn = null;
    const tcp = connect(port, '127.0.0.1');
    onTestFinished(() => void tcp.destroy());
    tcp.write(`GET /feeds/1?slow=1 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
    await waitFor(() => letIn !== null);
    const signal = joins.at(-1)!;
    tcp.destroy();
    letIn!();
    letIn = null;
    await waitFor(() => signal.aborted);
    expect(endpoint.stats()).toMatchObject({ connections: 0, channels: 0 });
    const status = refusedStatus(`${url}/feeds/1?slow=1&name=anna`);
    await waitFor(() => letIn !== null);
    endpoint.disconnect('who:anna');
    letIn!();
    expect(await status).toBe(503);
    expect(endpoint.stats()).toMatchObject({ connections: 0, channels: 0, joins: 1 });
    expect(endpoint.membersOf('feed:1')).toBe(0);
  });

  it('leaves nothing behind of a handshake that is none', async () => {
    const { endpoint, port } = await start();
    const tcp = connect(port, '127.0.0.1');
    onTestFinished(() => void tcp.destroy());
    let answer = '';
    tcp.on('data', (data) => (answer += data.toString()));
    tcp.write('GET /feeds/1 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: short\r\n\r\n');
    await waitFor(() => answer.startsWith('HTTP/1.1 400'));
    await waitFor(() => endpoint.stats().connections === 0);
    expect(endpoint.membersOf('feed:1')).toBe(0);
  });
});

describe('the figures of an endpoint', () => {
  it('count joins, messages and why connections ended', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(`${url}/socket/websocket?vsn=2.0.0`);
    client.send(['1', '1', 'feed:1', 'phx_join', {}], ['2', '2', 'feed:closed', 'phx_join', {}]);
    await client.drain();
    const other = await listen(url);
    endpoint.broadcast('feed:1', 'told', {});
    await Promise.all([client.next(), other.next()]);
    // In: two joins and a heartbeat. Out: their replies, two greetings, and the broadcast to both.
    expect(endpoint.stats()).toMatchObject({ connections: 2, channels: 2, presences: 0, joins: 2, refusedJoins: 1, messagesIn: 3, messagesOut: 7, replaced: 0 });
    client.send('{');
    expect(await client.closed).toBe(1011);
    expect(endpoint.stats().ends).toMatchObject({ malformed: 1, client: 0 });
  });

  it('name the largest topics', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(`${url}/socket/websocket?vsn=2.0.0`);
    for (const id of ['a', 'b', 'c']) client.send([id, id, `feed:${id}`, 'phx_join', {}]);
    await client.drain();
    for (const id of ['b', 'b', 'c']) await (await RawClient.open(`${url}/feeds/${id}`)).next();
    expect(endpoint.topTopics(2)).toEqual([{ topic: 'feed:b', members: 3 }, { topic: 'feed:c', members: 2 }]);
    expect(endpoint.topTopics(10)).toHaveLength(3);
    expect(endpoint.membersOf('feed:b')).toBe(3);
  });

  it('tell a local broadcast from one to all nodes', async () => {
    const pubsub = createLocalPubSub();
    const [one, two] = [await start({ pubsub }), await start({ pubsub })];
    const [here, there] = [await listen(one.url), await listen(two.url)];
    one.endpoint.localBroadcast('feed:1', 'told', { local: true });
    one.endpoint.broadcast('feed:1', 'told', { all: true });
    expect([await here.next(), await here.next(), await there.next()]).toEqual([told({ local: true }), told({ all: true }), told({ all: true })]);
  });
});
