import { WebSocket } from 'ws';
import { Socket } from 'phoenix';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { nodeStats, systemStats, type SystemStats } from '../../src/contracts/system.ts';
import { RawClient, refusedStatus } from '../support/engine.ts';
import { answer, collect, connectPhoenix, type PhoenixSocket } from '../support/phoenix.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

const AnySocket = Socket as unknown as new (url: string, options: object) => PhoenixSocket;

let one: RealtimeUnderTest;
/** Another node of the same installation. */
let two: RealtimeUnderTest;
let admin: string;

beforeAll(async () => {
  one = await startRealtime({ NODE_NAME: 'node-one' });
  two = await startRealtime({ NODE_NAME: 'node-two', DATABASE_URL: one.databaseUrl });
  admin = await one.token('root', { roles: ['admin'] });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const ws = (node: RealtimeUnderTest, path: string): string => node.url.replace('http', 'ws') + path;
const stats = async (node: RealtimeUnderTest): Promise<SystemStats> => (await node.call('GET', '/api/v1/system/stats', { token: admin })).body as SystemStats;

async function join(node: RealtimeUnderTest, userId: string, topic: string, roles?: string[]) {
  const token = await node.token(userId, roles === undefined ? {} : { roles });
  const socket = connectPhoenix(AnySocket, `${node.url}/socket`, { params: { token }, reconnectAfterMs: () => 3_600_000 });
  const channel = socket.channel(topic);
  const shown = collect(channel, 'system_stats', 'user_activity');
  await answer(channel.join());
  return { socket, channel, shown };
}

describe('REST', () => {
  it('GET /system/stats tells true figures of this node and of all', async () => {
    const before = (await stats(one)).node;
    await Promise.all([join(one, 'anna', 'user:anna'), join(one, 'anna', 'user:anna'), join(two, 'ben', 'user:ben')]);
    const seen = await waitFor(async () => {
      const now = await stats(one);
      return now.node.connections >= before.connections + 2 && now.nodes.length === 2 && now.nodes[1]!.connections > 0 && now;
    }, { what: 'both nodes in the figures' });
    expect(systemStats.parse(seen)).toEqual(seen);
    expect(seen.nodes.map(({ node }) => node)).toEqual(['node-one', 'node-two']);
    expect(seen.node).toMatchObject({ node: 'node-one', version: '0.1.0', users_online: before.users_online + 1, channels: before.channels + 2, joins_total: before.joins_total + 2 });
    expect(seen.node.top_topics).toContainEqual({ topic: 'user:anna', members: 2 });
    expect(seen.cluster).toMatchObject({ nodes: 2, connections: seen.nodes[0]!.connections + seen.nodes[1]!.connections });
    expect(seen.cluster.top_topics).toContainEqual({ topic: 'user:ben', members: 1 });
    expect(seen.backlogs).toMatchObject({ queues: { media: { waiting: 0, failed: 0, oldest_waiting_ms: null } }, bus: { realtime: 0, analytics: expect.any(Number) }, dead_letters: 0 });
    expect(seen.node.memory.rss_bytes).toBeGreaterThan(10_000_000);
    expect(Date.now() - Date.parse(seen.node.at)).toBeLessThan(10_000);
  });

  it('GET /system/health, /system/performance and /connections/stats show their parts', async () => {
    const [viewer, service] = [await one.token('v', { roles: ['viewer'] }), await one.token('s', { roles: ['service'] })];
    const health = await one.call('GET', '/api/v1/system/health', { token: viewer });
    expect(health).toMatchObject({ status: 200, body: { status: 'ok', checks: { database: { status: 'ok' }, bus: { status: 'ok' } }, node: 'node-one', version: '0.1.0' } });
    expect(health.body.nodes.map(({ node }: { node: string }) => node)).toContain('node-two');
    const performance = await one.call('GET', '/api/v1/system/performance', { token: service });
    expect(performance).toMatchObject({ status: 200, body: { node: { node: 'node-one', cpu_percent: expect.any(Number), event_loop: { lag_p99_ms: expect.any(Number), utilization: expect.any(Number) } } } });
    expect(performance.body.node).not.toHaveProperty('top_topics');
    const connections = await two.call('GET', '/api/v1/connections/stats', { token: viewer });
    expect(connections).toMatchObject({ status: 200, body: { node: { node: 'node-two', ends_total: { slow_consumer: 0 } }, cluster: { nodes: 2 } } });
    expect(connections.body.nodes).toHaveLength(2);
    expect(connections.body.node).not.toHaveProperty('memory');
  });

  it.each(['/system/stats', '/system/health', '/system/performance', '/connections/stats'])('GET %s is for those who run the system', async (path) => {
    expect(await one.call('GET', `/api/v1${path}`)).toMatchObject({ status: 401 });
    expect(await one.call('GET', `/api/v1${path}`, { token: await one.token('anna') })).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
  });

  it('GET /metrics has them for Prometheus', async () => {
    await join(one, 'anna', 'user:anna');
    const text = await (await fetch(`${one.url}/metrics`)).text();
    for (const name of ['socket_users', 'socket_joins_total', 'cluster_nodes', 'presence_entries', 'presence_reports_dropped_total']) {
      expect(text).toMatch(new RegExp(`^armoricore_${name}\\{node="node-one"\\} \\d+$`, 'm'));
    }
    expect(text).toMatch(/^armoricore_socket_messages_total\{direction="out",node="node-one"\} [1-9]\d*$/m);
    expect(text).toMatch(/^armoricore_socket_ends_total\{reason="slow_consumer",node="node-one"\} 0$/m);
    expect(text).toContain('# TYPE armoricore_socket_ends_total counter');
  });

  it('a node that ends is gone from the figures at once', async () => {
    const three = await startRealtime({ NODE_NAME: 'node-three', DATABASE_URL: one.databaseUrl });
    await waitFor(async () => (await stats(one)).cluster.nodes === 3);
    await three.stop();
    await waitFor(async () => (await stats(one)).cluster.nodes === 2, { timeoutMs: 5_000 });
  });
});

describe('the channel system', () => {
  it('shows the figures once a second, each node to its own clients once', async () => {
    const [here, there] = await Promise.all([join(one, 'root', 'system', ['admin']), join(two, 'root', 'system', ['admin'])]);
    await waitFor(() => here.shown.length >= 3 && there.shown.length >= 3);
    for (const { shown, node } of [{ ...here, node: 'node-one' }, { ...there, node: 'node-two' }]) {
      expect(new Set(shown.map(({ payload }) => payload.node.node))).toEqual(new Set([node]));
      const times = shown.slice(1).map(({ payload }) => payload.node.at as string);
      expect(new Set(times).size).toBe(times.length);
    }
    const { backlogs: _waiting, ...figures } = here.shown.at(-1)!.payload;
    expect(nodeStats.parse(figures.node)).toEqual(figures.node);
    expect(figures.cluster.nodes).toBe(2);
  });

  it('is for admins', async () => {
    for (const roles of [['user'], ['viewer'], ['service']]) await expect(join(one, 'eve', 'system', roles)).rejects.toMatchObject({ reason: 'forbidden' });
  });
});

describe('direct endpoints', () => {
  const open = async (node: RealtimeUnderTest, path: string, token: string): Promise<RawClient> => RawClient.open(ws(node, `${path}${path.includes('?') ? '&' : '?'}token=${token}`));

  it('/ws/user/:user_id is joined to user:<id>', async () => {
    const name = 'anna ü/1';
    const token = await one.token(name);
    const client = await open(one, `/ws/user/${encodeURIComponent(name)}`, token);
    const said = await two.call('POST', `/api/v1/users/${encodeURIComponent(name)}/presence`, { token, body: { status: 'busy' } });
    expect(await client.next()).toEqual([null, null, `user:${name}`, 'user_activity', said.body]);
    expect(await client.drain()).toEqual([]);
    expect((await one.call('GET', `/api/v1/users/${encodeURIComponent(name)}/presence`, { token })).body).toMatchObject({ online: true, sockets: 1 });
  });

  it('/ws/system is joined to system', async () => {
    const client = await open(one, '/ws/system?encoding=json', admin);
    for (let count = 0; count < 2; count += 1) expect(await client.next()).toMatchObject([null, null, 'system', 'system_stats', { node: { node: 'node-one' } }]);
  });

  it('takes the token in the header and as a sub-protocol, too', async () => {
    const token = await one.token('anna');
    const header = new WebSocket(ws(one, '/ws/user/anna'), { headers: { authorization: `Bearer ${token}` } });
    onTestFinished(() => header.terminate());
    await new Promise((resolve, reject) => header.once('open', resolve).once('error', reject));
    const offered = await RawClient.open(ws(one, '/ws/user/anna'), ['phoenix', `base64url.bearer.phx.${Buffer.from(token).toString('base64url')}`]);
    expect(offered.ws.protocol).toBe('phoenix');
  });

  it('refuses with 403 whom the channel refuses, a wrong token, an unknown encoding, and what is no path', async () => {
    const [anna, expired] = [await one.token('anna'), await one.token('anna', { ttlS: -5 })];
    for (const path of [
      `/ws/user/anna?token=${expired}`, '/ws/user/anna', `/ws/user/ben?token=${anna}`, `/ws/system?token=${anna}`,
      `/ws/user/anna?token=${anna}&encoding=protobuf`, `/ws/system?token=${admin}&encoding=morse`, `/ws/user/%ff?token=${admin}`,
      `/ws/reel/${'x'.repeat(200)}?token=${anna}`, `/ws/reel/1?token=${anna}&encoding=morse`,
    ]) {
      expect([path, await refusedStatus(ws(one, path))]).toEqual([path, 403]);
    }
    expect(await refusedStatus(ws(one, `/ws/attic?token=${anna}`))).toBe(404);
  });

  it('ends with its token, and when the user is disconnected or revoked, from any node', async () => {
    const short = await open(one, '/ws/user/nora', await one.token('nora', { ttlS: 2 }));
    const [first, second] = [await open(one, '/ws/user/omar', await one.token('omar')), await open(one, '/ws/user/pia', await one.token('pia'))];
    await two.call('POST', '/api/v1/users/omar/disconnect', { token: admin });
    await two.call('POST', '/api/v1/users/pia/revoke', { token: admin });
    expect([await first.closed, await second.closed]).toEqual([1001, 1001]);
    expect(await short.closed).toBe(4001);
  });

  it('/ws/reel/:reel_id is joined to reel:<id>, as text or as Protobuf', async () => {
    const token = await one.token('anna');
    const service = await one.token('backend', { roles: ['service'] });
    const [text, binary] = [await open(one, '/ws/reel/direct-1', token), await open(one, '/ws/reel/direct-1?encoding=protobuf', token)];
    expect(await one.call('POST', '/api/v1/reels/direct-1/updates', { token: service, body: { update_data: { title: 'new' }, priority: 'urgent' } })).toMatchObject({ status: expect.toSatisfy((status: number) => status < 300) });
    expect(await text.next()).toMatchObject([null, null, 'reel:direct-1', 'reel_update', expect.any(Object)]);
    expect(Buffer.isBuffer(await binary.next())).toBe(true);
  });
});

describe('POST /topics/:topic/broadcast', () => {
  it('is written down: who, what and from where, not the payload', async () => {
    const token = await one.token('backend-7', { roles: ['service'] });
    const { shown } = await join(two, 'quinn', 'user:quinn');
    expect(await one.call('POST', '/api/v1/topics/user:quinn/broadcast', { token, body: { event: 'user_activity', payload: { secret: 'xyzzy' } } })).toMatchObject({ status: 202 });
    await waitFor(() => shown.length === 1);
    const { body } = await one.call('GET', '/api/v1/audit?actor=backend-7', { token: admin });
    expect(body.audit).toEqual([
      { id: expect.any(String), at: expect.any(String), actor: 'backend-7', remote_address: '127.0.0.1', action: 'topic.broadcast', subject: 'topic:user:quinn', details: { event: 'user_activity' } },
    ]);
    expect(await one.call('POST', '/api/v1/topics/armoricore.stats/broadcast', { token, body: { event: 'x' } })).toMatchObject({ status: 404 });
  });
});
