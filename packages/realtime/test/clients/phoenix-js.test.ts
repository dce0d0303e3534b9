import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { memoryStorage } from '../support/browser.ts';
import { PHOENIX_JS, since, type PhoenixJs } from '../support/clients.ts';
import type { EngineUnderTest } from '../support/engine.ts';
import { answer, collect, connectPhoenix, type PhoenixChannel, type PhoenixSocket } from '../support/phoenix.ts';
import { openLounge, openLoungeBehindOldProxy } from './lounge.ts';

const soon = (): number => 50;

function connect({ Socket }: PhoenixJs, { url }: EngineUnderTest, name: string, options: object = {}): PhoenixSocket {
  return connectPhoenix(Socket, `${url}/socket`, { params: { name }, reconnectAfterMs: soon, rejoinAfterMs: soon, ...options });
}

async function enter(socket: PhoenixSocket): Promise<PhoenixChannel> {
  const channel = socket.channel('lounge:1', {});
  await answer(channel.join());
  return channel;
}

/** Names and metas, without the refs by which clients merge. */
function statuses(state: ReturnType<ReturnType<PhoenixJs['presenceOf']>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(state).map(([name, { metas }]) => [name, metas.map((meta) => String(meta['status'])).toSorted()]));
}

describe.each(PHOENIX_JS)('phoenix.js $version', (client) => {
  it('joins, is refused, pushes, gets replies and broadcasts, leaves', async () => {
    const server = await openLounge();
    const [anna, ben] = [connect(client, server, 'anna'), connect(client, server, 'ben')];
    const channel = anna.channel('lounge:1', {});
    expect(await answer(channel.join())).toEqual({ name: 'anna', transport: 'websocket' });
    await expect(answer(ben.channel('lounge:2', { banned: true }).join())).rejects.toEqual({ reason: 'banned', until: 'tomorrow' });

    const heard = collect(await enter(ben), 'said');
    expect(await answer(channel.push('echo', { text: 'ü ☃ 💡' }))).toEqual({ text: 'ü ☃ 💡' });
    await expect(answer(channel.push('fail', {}))).rejects.toEqual({ reason: 'failed' });
    expect(await answer(channel.push('say', { body: 'hello' }))).toEqual({});
    await waitFor(() => heard.length === 1);
    expect(heard).toEqual([{ event: 'said', payload: { body: 'hello' } }]);

    await answer(channel.leave());
    await waitFor(() => server.endpoint.stats().channels === 1, { what: 'the leave' });
    expect(server.crashes).toEqual([]);
  });

  it('sees with its own Presence who comes, changes and goes; all clients end equal', async () => {
    const server = await openLounge();
    const rooms = [];
    for (const name of ['anna', 'ben']) {
      const channel = connect(client, server, name).channel('lounge:1', {});
      rooms.push({ channel, state: client.presenceOf(channel) });
      await answer(channel.join());
    }
    const laptop = connect(client, server, 'anna');
    await enter(laptop);
    const [anna, ben] = rooms as [(typeof rooms)[0], (typeof rooms)[0]];
    await waitFor(() => statuses(ben.state())['anna']?.length === 2, { what: 'both metas of anna' });
    await answer(ben.channel.push('status', { status: 'away' }));
    laptop.disconnect();

    for (const { state } of [anna, ben]) {
      await waitFor(() => isDeepStrictEqual(statuses(state()), { anna: ['online'], ben: ['away'] }), { what: 'the last presence' });
    }
    expect(anna.state()).toEqual(ben.state());
  });

  it('comes back and joins again after the server was killed', async () => {
    const server = await openLounge();
    const channel = await enter(connect(client, server, 'anna'));
    await server.kill();
    const next = await openLounge({ port: server.port });
    await waitFor(() => next.endpoint.stats().channels === 1, { what: 'the channel at the new server' });
    expect(await answer(channel.push('echo', { again: true }))).toEqual({ again: true });
  });

  it('comes back after its id was disconnected, and after a drain', async () => {
    const server = await openLounge();
    const channel = await enter(connect(client, server, 'anna'));
    server.endpoint.disconnect('guest:anna');
    expect(server.endpoint.stats()).toMatchObject({ connections: 0, channels: 0 });
    await waitFor(() => server.endpoint.stats().channels === 1, { what: 'the channel after the disconnect' });
    await server.endpoint.drain();
    await server.kill();
    const next = await openLounge({ port: server.port });
    await waitFor(() => next.endpoint.stats().channels === 1, { what: 'the channel after the drain' });
    expect(await answer(channel.push('echo', { again: true }))).toEqual({ again: true });
  });
});

describe.each(since('1.5'))('phoenix.js $version with bytes', (client) => {
  it('pushes bytes, and gets bytes as reply and broadcast', async () => {
    const server = await openLounge();
    const channel = await enter(connect(client, server, 'anna'));
    const heard = collect(channel, 'bytes');
    const reply: ArrayBuffer = await answer(channel.push('bytes', Uint8Array.from([0, 1, 254, 255]).buffer));
    expect([...new Uint8Array(reply)]).toEqual([0, 1, 254, 255]);
    await waitFor(() => heard.length === 1);
    expect([...new Uint8Array(heard[0]!.payload)]).toEqual([0, 1, 254, 255]);
  });
});

// 1.2 wants objects in the messages of a poll; Phoenix sends strings since 1.3.
describe.each(since('1.3'))('phoenix.js $version over long polling', (client) => {
  const overLongPoll = (server: EngineUnderTest, name: string): PhoenixSocket => connect(client, server, name, { transport: client.LongPoll });

  it('joins, pushes, hears WebSocket clients and is heard by them', async () => {
    const server = await openLounge();
    const channel = overLongPoll(server, 'anna').channel('lounge:1', {});
    expect(await answer(channel.join())).toEqual({ name: 'anna', transport: 'longpoll' });
    const ben = await enter(connect(client, server, 'ben'));
    const [hers, his] = [collect(channel, 'said'), collect(ben, 'said')];
    const words = Array.from({ length: 250 }, (_, index) => String(index));
    // All at once: a batch for those versions that batch.
    await Promise.all(words.map((body) => answer(channel.push('say', { body }))));
    await waitFor(() => hers.length === words.length && his.length === words.length);
    expect(his.map(({ payload }) => payload.body as string).toSorted()).toEqual(words.toSorted());
    await expect(answer(channel.push('fail', {}))).rejects.toEqual({ reason: 'failed' });
  });

  it('comes back after the server was killed', async () => {
    const server = await openLounge();
    const channel = await enter(overLongPoll(server, 'anna'));
    await server.kill();
    const next = await openLounge({ port: server.port });
    await waitFor(() => next.endpoint.stats().channels === 1, { what: 'the channel at the new server', timeoutMs: 20_000 });
    expect(await answer(channel.push('echo', { again: true }))).toEqual({ again: true });
  });
});

describe.each(since('1.7'))('phoenix.js $version', (client) => {
  it('falls back to long polling when WebSockets do not get through', async () => {
    const server = await openLoungeBehindOldProxy();
    const socket = connect(client, server, 'anna', { longPollFallbackMs: 100, sessionStorage: memoryStorage() });
    expect(await answer(socket.channel('lounge:1', {}).join())).toEqual({ name: 'anna', transport: 'longpoll' });
  });

  it('stays with WebSocket when it does', async () => {
    const server = await openLounge();
    const socket = connect(client, server, 'anna', { longPollFallbackMs: 2_000, sessionStorage: memoryStorage() });
    expect(await answer(socket.channel('lounge:1', {}).join())).toEqual({ name: 'anna', transport: 'websocket' });
  });
});

describe.each(since('1.8'))('phoenix.js $version with authToken', (client) => {
  it.each([
    ['websocket', WebSocket],
    ['longpoll', client.LongPoll],
  ])('is known by its token over %s', async (transport, implementation) => {
    const server = await openLounge();
    const options = { params: {}, authToken: 'anna-token', transport: implementation };
    const channel = connect(client, server, '', options).channel('lounge:1', {});
    expect(await answer(channel.join())).toEqual({ name: 'anna-token', transport });
  });
});
