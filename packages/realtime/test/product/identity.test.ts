import { createEvent } from '@armoricore/shared/events';
import { Socket } from 'phoenix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { issueToken } from '../../src/auth/tokens.ts';
import { answer, collect, connectPhoenix, type PhoenixSocket } from '../support/phoenix.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

/** Two nodes over one database. */
let one: RealtimeUnderTest;
let two: RealtimeUnderTest;
let backend: string;
let admin: string;

beforeAll(async () => {
  one = await startRealtime({ NODE_NAME: 'one' });
  two = await startRealtime({ NODE_NAME: 'two', DATABASE_URL: one.databaseUrl });
  backend = await one.token('backend-1', { roles: ['service'] });
  admin = await one.token('root', { roles: ['admin'] });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const AnySocket = Socket as unknown as new (url: string, options: object) => PhoenixSocket;

/** A client that stays away once it is closed, on its own topic. */
async function connect(node: RealtimeUnderTest, userId: string, token: string) {
  const socket = connectPhoenix(AnySocket, `${node.url}/socket`, { params: { token }, reconnectAfterMs: () => 3_600_000 });
  const closed = new Promise<number>((resolve) => (socket as unknown as Socket).onClose((event) => resolve((event as CloseEvent).code)));
  const own = socket.channel(`user:${userId}`);
  await answer(own.join());
  return { socket, closed, own };
}

const isRefused = (node: RealtimeUnderTest, token: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connectPhoenix(AnySocket, `${node.url}/socket`, { params: { token }, reconnectAfterMs: () => 3_600_000 });
    socket.onError(() => resolve(true));
    socket.onOpen(() => resolve(false));
  });

describe('access_token', () => {
  it('extends a session in place, on any joined topic', async () => {
    const { own } = await connect(one, 'anna', await one.token('anna', { ttlS: 60 }));
    const { expires_at } = await answer(own.push('access_token', { token: await one.token('anna', { ttlS: 3_600 }) }));
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now() + 3_500_000);
  });

  it('is refused with a token of another, an expired, a wrong, a lesser or none; the channel lives on', async () => {
    const { own } = await connect(one, 'anna', await one.token('anna', { roles: ['user', 'editor'] }));
    const refused = (payload: object) => answer(own.push('access_token', payload)).then(String, (reply: { reason: string }) => reply.reason);
    expect(await refused({ token: await one.token('ben', { roles: ['user', 'editor'] }) })).toBe('forbidden');
    expect(await refused({ token: await one.token('anna', { roles: ['user'] }) })).toBe('forbidden');
    expect(await refused({ token: await one.token('anna', { ttlS: -1 }) })).toBe('token_expired');
    expect(await refused({ token: 'x.y.z' })).toBe('unauthorized');
    for (const payload of [{}, { token: 7 }, { token: '' }]) expect(await refused(payload)).toBe('invalid_payload');
    await answer(own.push('access_token', { token: await one.token('anna', { roles: ['user', 'editor'] }) }));
  });
});

describe('revoking a user', () => {
  it('closes the sockets on every node within a second, and refuses what was issued before', async () => {
    const token = await one.token('rita');
    const clients = await Promise.all([connect(one, 'rita', token), connect(two, 'rita', token), connect(two, 'rita', token)]);
    const other = await connect(two, 'otto', await one.token('otto'));
    const start = performance.now();
    const { status, body } = await one.call('POST', '/api/v1/users/rita/revoke', { token: backend, body: { reason: 'stolen phone' } });
    expect([status, body.user_id]).toEqual([200, 'rita']);
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1001, 1001, 1001]);
    console.warn(`three sockets on two nodes were closed ${Math.round(performance.now() - start)} ms after the call began`);
    await answer(other.own.push('access_token', { token: await one.token('otto') }));

    expect(await Promise.all([one, two].map((node) => isRefused(node, token)))).toEqual([true, true]);
    for (const node of [one, two]) expect(await node.call('GET', '/api/v1/media', { token })).toMatchObject({ status: 401, body: { reason: 'token_revoked' } });
    await waitFor(async () => !(await isRefused(two, await one.token('rita')))); // Tokens tell seconds: from the next one on.
    const { body: log } = await one.call('GET', '/api/v1/audit?subject=user:rita', { token: admin });
    expect(log.audit).toMatchObject([{ actor: 'backend-1', action: 'user.revoke', details: { reason: 'stolen phone' } }]);
  });

  it('by the bus does the same', async () => {
    const { closed } = await connect(two, 'bert', await one.token('bert'));
    const body = createEvent('user.revoked', { user_id: 'bert' }, { source: 'backend' });
    expect((await one.call('POST', '/api/v1/events', { token: backend, body })).status).toBe(202);
    expect(await closed).toBe(1001);
  });

  it('is known to a node that starts later', async () => {
    const token = await one.token('late');
    await one.call('POST', '/api/v1/users/late/revoke', { token: admin });
    const three = await startRealtime({ DATABASE_URL: one.databaseUrl });
    try {
      expect(await three.call('GET', '/api/v1/media', { token })).toMatchObject({ status: 401, body: { reason: 'token_revoked' } });
    } finally {
      await three.stop();
    }
  });

  it('refuses an access_token that was revoked', async () => {
    const token = await one.token('vera');
    const next = await one.token('vera', { ttlS: 120 });
    expect((await one.call('POST', '/api/v1/tokens/revoke', { token: backend, body: { token: next } })).status).toBe(200);
    const { own } = await connect(one, 'vera', token);
    await expect(answer(own.push('access_token', { token: next }))).rejects.toMatchObject({ reason: 'token_revoked' });
  });

  it.each(['revoke', 'disconnect'])('%s is for services and admins', async (act) => {
    const path = `/api/v1/users/anna/${act}`;
    expect(await one.call('POST', path, { token: await one.token('anna') })).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
    expect(await one.call('POST', path)).toMatchObject({ status: 401, body: { reason: 'unauthorized' } });
    expect(await one.call('POST', `/api/v1/users/${'x'.repeat(257)}/${act}`, { token: admin })).toMatchObject({ status: 422 });
  });
});

describe('revoking a token', () => {
  it('closes its sockets alone, on every node', async () => {
    const [token, other] = [await one.token('tina', { ttlS: 60 }), await one.token('tina', { ttlS: 61 })];
    const [here, there, stays] = [await connect(one, 'tina', token), await connect(two, 'tina', token), await connect(two, 'tina', other)];
    const { body } = await one.call('POST', '/api/v1/tokens/revoke', { token: backend, body: { token } });
    expect(body).toEqual({ token_id: expect.stringMatching(/^sha256:/), expires_at: expect.any(String) });
    expect(await Promise.all([here.closed, there.closed])).toEqual([1001, 1001]);
    await answer(stays.own.push('access_token', { token: other }));
    expect(await two.call('GET', '/api/v1/media', { token })).toMatchObject({ status: 401, body: { reason: 'token_revoked' } });
    expect((await two.call('GET', '/api/v1/media', { token: other })).status).toBe(200);
  });

  it('refuses a body that names none, one that is not valid, and who may not', async () => {
    const call = (body: unknown, token = backend) => one.call('POST', '/api/v1/tokens/revoke', { token, body });
    expect((await call({})).status).toBe(422);
    expect((await call({ jti: 'x', expires_at: 'soon' })).status).toBe(422);
    expect(await call({ token: 'x.y.z' })).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
    expect((await call({ jti: 'x' }, await one.token('anna'))).status).toBe(403);
    expect(await call({ jti: 'some-id', expires_at: '2099-01-01T00:00:00Z' })).toMatchObject({ status: 200, body: { token_id: 'some-id' } });
  });
});

it('disconnect closes the sockets on every node, and they may come back', async () => {
  const token = await one.token('dora');
  const clients = await Promise.all([connect(one, 'dora', token), connect(two, 'dora', token)]);
  expect((await two.call('POST', '/api/v1/users/dora/disconnect', { token: backend })).status).toBe(202);
  expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1001, 1001]);
  expect(await isRefused(one, token)).toBe(false);
});

describe('a broadcast of the backend', () => {
  const call = (topic: string, body: unknown, token = backend) => one.call('POST', `/api/v1/topics/${encodeURIComponent(topic)}/broadcast`, { token, body });

  it('reaches the topic on every node', async () => {
    const clients = await Promise.all([one, two].map(async (node) => connect(node, 'emma', await one.token('emma'))));
    const heard = clients.map(({ own }) => collect(own, 'user_activity'));
    expect(await call('user:emma', { event: 'user_activity', payload: { n: 1, text: 'ü' } })).toEqual({ status: 202, body: { topic: 'user:emma', event: 'user_activity' } });
    await waitFor(() => heard.every((seen) => seen.length === 1));
    expect(heard[1]![0]!.payload).toEqual({ n: 1, text: 'ü' });
  });

  it.each([
    ['a topic of nobody', 'armoricore.revocations', { event: 'revoked', payload: {} }, 404],
    ['the sockets of a user', 'user_socket:anna', { event: 'disconnect' }, 404],
    ['an event of the protocol', 'user:anna', { event: 'phx_close' }, 422],
    ['a forged presence', 'user:anna', { event: 'presence_diff', payload: { joins: {}, leaves: {} } }, 422],
    ['no event', 'user:anna', {}, 422],
    ['a payload that is a list', 'user:anna', { event: 'x', payload: [] }, 422],
    ['70 kB', 'user:anna', { event: 'x', payload: { text: 'x'.repeat(70_000) } }, 413],
  ])('is refused for %s', async (_what, topic, body, status) => {
    expect((await call(topic, body)).status).toBe(status);
  });

  it('is for services', async () => {
    expect((await call('user:anna', { event: 'x' }, admin)).status).toBe(403);
  });
});

describe('users', () => {
  it('are seen when they connect, with the roles of their last token', async () => {
    await connect(one, 'ute', await one.token('ute', { roles: ['user', 'editor'] }));
    const find = () => two.call('GET', '/api/v1/users/ute', { token: backend });
    await waitFor(async () => (await find()).status === 200);
    expect((await find()).body.user).toMatchObject({ user_id: 'ute', roles: ['user', 'editor'] });
    await connect(two, 'ute', await one.token('ute', { roles: ['user'] }));
    await waitFor(async () => (await find()).body.user.roles.length === 1);
    const { first_seen_at, last_seen_at } = (await find()).body.user;
    expect(Date.parse(first_seen_at)).toBeLessThanOrEqual(Date.parse(last_seen_at));
    expect(await one.call('GET', '/api/v1/users/nobody', { token: backend })).toMatchObject({ status: 404, body: { reason: 'not_found' } });
  });
});

it('takes no token of another secret', async () => {
  const token = await issueToken({ secret: 'another-secret-of-32-characters-or-more' }, { userId: 'anna', ttlS: 60 });
  expect(await isRefused(one, token)).toBe(true);
});
