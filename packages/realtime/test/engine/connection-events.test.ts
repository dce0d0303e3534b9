import { describe, expect, it } from 'vitest';
import { channelFor, defineChannel, mount, Refusal, type SocketHandler } from '../../src/engine/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';

interface Guest {
  name: string;
}

const room = channelFor<Guest>()(defineChannel({ topic: 'room:*', in: { who: {}, renew: {} } }), {
  on: {
    who: (_payload, channel) => ({ name: channel.socket.identity.name }),
    renew: () => ({ by: 'the channel' }),
  },
});

/** Everyone may stay for two seconds; `renew {name?, ms?}` changes that. */
const socket: SocketHandler<Guest> = {
  channels: [room],
  connect: ({ params }) => ({ identity: { name: String(params['name']) }, expiresAt: Date.now() + 2_000 }),
  events: {
    async renew(payload, connection) {
      const { name = connection.identity.name, ms = 60_000 } = payload as { name?: string; ms?: number };
      if (name === 'nobody') throw new Refusal('forbidden', { name });
      if (name === 'boom') throw new Error('boom');
      connection.renew({ identity: { name }, expiresAt: Date.now() + ms });
      return Promise.resolve({ until: ms });
    },
  },
};

async function open(name: string, url: string): Promise<RawClient> {
  const client = await RawClient.open(`${url}/socket/websocket?vsn=2.0.0&name=${name}`);
  client.send(['1', '1', 'room:1', 'phx_join', {}]);
  await client.next();
  return client;
}
const start = () => startEngine({ mounts: [mount('/socket', socket, { idleTimeoutMs: 8_000 })] }); // It is looked every second.

describe('events of the connection', () => {
  it('go before those of channels, on any joined topic, and may renew the connection', async () => {
    const { url } = await start();
    const [renewed, other] = [await open('anna', url), await open('ben', url)];
    renewed.send(['1', '2', 'room:1', 'renew', { name: 'anne' }], ['1', '3', 'room:1', 'who', {}]);
    expect(await renewed.next()).toEqual(['1', '2', 'room:1', 'phx_reply', { status: 'ok', response: { until: 60_000 } }]);
    expect(await renewed.next()).toEqual(['1', '3', 'room:1', 'phx_reply', { status: 'ok', response: { name: 'anne' } }]);
    expect(await other.closed).toBe(4001);
    expect(await renewed.drain()).toEqual([]);
  });

  it('may also end it sooner', async () => {
    const { url } = await start();
    const client = await open('anna', url);
    client.send(['1', '2', 'room:1', 'renew', { ms: 1 }]);
    expect(await client.closed).toBe(4001);
  });

  it('are not for topics that were not joined, nor for names that objects have by themselves', async () => {
    const { url } = await start();
    const client = await open('anna', url);
    client.send(['1', '2', 'room:2', 'renew', {}], ['1', '3', 'room:1', 'toString', {}]);
    expect(await client.next()).toMatchObject([null, '2', 'room:2', 'phx_reply', { status: 'error', response: { reason: 'unmatched topic' } }]);
    expect(await client.next()).toMatchObject(['1', '3', 'room:1', 'phx_reply', { response: { reason: 'unknown_event' } }]);
  });

  it('refuse, or crash the channel they came on, as events of channels do', async () => {
    const { url, crashes } = await start();
    const client = await open('anna', url);
    client.send(['1', '2', 'room:1', 'renew', { name: 'nobody' }], ['1', '3', 'room:1', 'renew', { name: 'boom' }]);
    expect(await client.next()).toEqual(['1', '2', 'room:1', 'phx_reply', { status: 'error', response: { reason: 'forbidden', name: 'nobody' } }]);
    expect(await client.next()).toMatchObject(['1', '1', 'room:1', 'phx_error', {}]);
    expect(crashes.map(({ thrown }) => (thrown as Error).message)).toEqual(['boom']);
  });
});

describe('disconnectWhere', () => {
  it('closes the connections of such identities with 1001, as they are now', async () => {
    const { url, endpoint } = await start();
    const [anna, ben] = [await open('anna', url), await open('ben', url)];
    for (const client of [anna, ben]) client.send(['1', '2', 'room:1', 'renew', {}]);
    await Promise.all([anna.next(), ben.next()]);
    anna.send(['1', '3', 'room:1', 'renew', { name: 'anne' }]);
    await anna.next();
    expect(endpoint.disconnectWhere((identity) => (identity as Guest).name === 'anna')).toBe(0);
    expect(endpoint.disconnectWhere((identity) => (identity as Guest).name === 'anne')).toBe(1);
    expect(await anna.closed).toBe(1001);
    expect(await ben.drain()).toEqual([]);
    expect(endpoint.stats().connections).toBe(1);
  });
});
