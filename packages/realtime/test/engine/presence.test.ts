import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { channelFor, defineChannel, mount } from '../../src/engine/index.ts';
import { testSocket } from '../../src/engine/testing/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';

interface Guest {
  name: string;
}

const keyed = z.object({ key: z.string(), meta: z.record(z.string(), z.unknown()).default({}) });
const contract = defineChannel({
  topic: 'party:*',
  join: { params: z.object({ silent: z.boolean().optional() }) },
  in: { track: { payload: keyed }, update: { payload: keyed }, untrack: { payload: keyed }, list: {}, get: { payload: keyed }, crash: {} },
  presence: z.record(z.string(), z.unknown()),
});

const party = channelFor<Guest>()(contract, {
  joined({ presence, socket }, params) {
    if (params.silent !== true) presence.track(socket.identity.name, { status: 'online' });
    return presence.pushState();
  },
  on: {
    track: ({ key, meta }, { presence }) => presence.track(key, meta),
    update: ({ key, meta }, { presence }) => presence.update(key, meta),
    untrack: ({ key }, { presence }) => presence.untrack(key),
    list: (_payload, { presence }) => presence.list(),
    get: ({ key }, { presence }) => presence.get(key),
    crash() {
      throw new Error('boom');
    },
  },
});

const meta = (fields: object): object => ({ phx_ref: expect.stringMatching(/^[\w-]{16}$/), ...fields });
const of = (...metas: object[]): object => ({ metas });
const ONLINE = meta({ status: 'online' });

/** Anna, who watches, and Ben; what both got on joining is taken. */
async function annaAndBen() {
  const socket = testSocket([party], { name: 'anna' });
  const anna = await socket.join('party:1', {});
  const benSocket = socket.another({ name: 'ben' });
  const ben = await benSocket.join('party:1', {});
  for (const channel of [anna, ben]) channel.received.length = 0;
  return { socket, anna, ben, benSocket };
}

describe('presence', () => {
  it('gives one who comes the own join, then the state; the others one diff', async () => {
    const socket = testSocket([party], { name: 'anna' });
    const anna = await socket.join('party:1', {});
    expect(anna.received).toEqual([
      { event: 'presence_diff', payload: { joins: { anna: of(ONLINE) }, leaves: {} } },
      { event: 'presence_state', payload: { anna: of(ONLINE) } },
    ]);
    const ben = await socket.another({ name: 'ben' }).join('party:1', { silent: true });
    expect(await ben.expectPush('presence_state')).toEqual({ anna: of(ONLINE) });
  });

  it('gives an empty state where nobody is', async () => {
    const ben = await testSocket([party], { name: 'ben' }).join('party:1', { silent: true });
    expect(await ben.expectPush('presence_state')).toEqual({});
  });

  it('keeps a meta for each channel of a key, and updates one alone', async () => {
    const { socket, anna } = await annaAndBen();
    const phone = await socket.another({ name: 'anna' }).join('party:1', {});
    expect(await phone.expectPush('presence_state')).toEqual({ anna: of(ONLINE, ONLINE), ben: of(ONLINE) });
    await phone.push('update', { key: 'anna', meta: { status: 'away' } });
    expect(await anna.expectPush('presence_diff')).toEqual({ joins: { anna: of(ONLINE) }, leaves: {} });
    const away = meta({ status: 'away', phx_ref_prev: expect.any(String) });
    expect(await anna.expectPush('presence_diff')).toEqual({ joins: { anna: of(away) }, leaves: { anna: of(ONLINE) } });
    await phone.leave();
    expect(await anna.expectPush('presence_diff')).toEqual({ joins: {}, leaves: { anna: of(away) } });
    expect((await anna.push('list')).response).toEqual({ anna: of(ONLINE), ben: of(ONLINE) });
    expect((await anna.push('get', { key: 'ben' })).response).toEqual([ONLINE]);
    expect((await anna.push('get', { key: 'nobody' })).response).toEqual([]);
  });

  it('refuses to track twice and to update what is not tracked; to untrack that is fine', async () => {
    const { ben } = await annaAndBen();
    expect(await ben.push('track', { key: 'ben' })).toEqual({ status: 'error', response: { reason: 'already_tracked', key: 'ben' } });
    expect(await ben.push('update', { key: 'anna' })).toEqual({ status: 'error', response: { reason: 'nopresence', key: 'anna' } });
    expect(await ben.push('untrack', { key: 'anna' })).toEqual({ status: 'ok', response: {} });
    expect(ben.received).toEqual([]);
  });

  it('takes any key, and all keys of a channel leave in one diff', async () => {
    const { anna, ben } = await annaAndBen();
    const keys = ['', '42', '__proto__', 'constructor', 'ü'];
    for (const key of keys) await ben.push('track', { key });
    for (const key of keys) expect(Object.keys((await anna.expectPush('presence_diff')).joins)).toEqual([key]);
    await ben.leave();
    const { joins, leaves } = await anna.expectPush('presence_diff');
    expect([joins, Object.keys(leaves).toSorted()]).toEqual([{}, [...keys, 'ben'].toSorted()]);
    expect((await anna.push('list')).response).toEqual({ anna: of(ONLINE) });
  });

  it.each(['crash', 'leave', 'close', 'rejoin'] as const)('gives the others one leave diff on a %s', async (how) => {
    const { anna, ben, benSocket } = await annaAndBen();
    if (how === 'crash') ben.send('crash');
    else if (how === 'leave') await ben.leave();
    else if (how === 'close') benSocket.close();
    else await benSocket.join('party:1', {});
    expect(await anna.expectPush('presence_diff')).toEqual({ joins: {}, leaves: { ben: of(ONLINE) } });
    if (how === 'rejoin') expect(await anna.expectPush('presence_diff')).toEqual({ joins: { ben: of(ONLINE) }, leaves: {} });
    expect(anna.received).toEqual([]);
  });

  it('ends with a socket that is cut without a word', async () => {
    const socket = { connect: ({ params }: { params: any }) => ({ identity: { name: params.name } }), channels: [party] };
    const { url } = await startEngine({ mounts: [mount('/socket', socket)] });
    const open = async (name: string): Promise<RawClient> => {
      const client = await RawClient.open(`${url}/socket/websocket?vsn=2.0.0&name=${name}`);
      client.send(['1', '1', 'party:1', 'phx_join', {}]);
      await client.drain();
      return client;
    };
    const [anna, ben] = [await open('anna'), await open('ben')];
    expect(await anna.next()).toMatchObject([null, null, 'party:1', 'presence_diff', { joins: { ben: {} } }]);
    ben.ws.terminate();
    expect(await anna.next()).toEqual([null, null, 'party:1', 'presence_diff', { joins: {}, leaves: { ben: of(ONLINE) } }]);
  });
});

describe('fetchPresence', () => {
  const calls: string[][] = [];
  const enriched = channelFor<Guest>()(defineChannel({ topic: 'club:*' }), {
    joined({ presence, socket }) {
      presence.track(socket.identity.name, {});
      return presence.pushState();
    },
    async fetchPresence(_topic, presences) {
      calls.push(Object.keys(presences));
      // Later ones are quicker: their diffs must wait for the earlier.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 20 - 5 * calls.length)));
      if (Object.hasOwn(presences, 'ghost')) throw new Error('no such user');
      return Object.fromEntries(Object.entries(presences).map(([key, { metas }]) => [key, { metas, user: { name: key.toUpperCase() } }]));
    },
  });

  it('adds fields to states and diffs, all keys at once and in order', async () => {
    const socket = testSocket([enriched], { name: 'anna' });
    const anna = await socket.join('club:1');
    const state = { anna: { metas: [meta({})], user: { name: 'ANNA' } } };
    expect(await anna.expectPush('presence_state')).toEqual(state);
    expect(await anna.expectPush('presence_diff')).toEqual({ joins: state, leaves: {} });
    const others = await Promise.all(['ben', 'cleo'].map((name) => socket.another({ name }).join('club:1')));
    await Promise.all(others.map((other) => other.leave()));
    const diffs = [];
    for (let count = 0; count < 4; count += 1) diffs.push(await anna.expectPush('presence_diff'));
    expect(diffs.map(({ joins, leaves }) => [Object.keys(joins), Object.keys(leaves)])).toEqual([
      [['ben'], []],
      [['cleo'], []],
      [[], ['ben']],
      [[], ['cleo']],
    ]);
    expect(diffs[2]?.leaves['ben']?.['user']).toEqual({ name: 'BEN' });
  });

  it('reports a fetch that throws, and goes on with the next diff', async () => {
    const socket = testSocket([enriched], { name: 'anna' });
    const anna = await socket.join('club:2');
    await anna.expectPush('presence_diff');
    const ghost = await socket.another({ name: 'ghost' }).join('club:2');
    expect(await ghost.expectEnd()).toBe('phx_error');
    const ben = await socket.another({ name: 'ben' }).join('club:2');
    expect(Object.keys((await anna.expectPush('presence_diff')).joins)).toEqual(['ben']);
    expect(socket.crashes.map(({ thrown }) => (thrown as Error).message)).toContain('no such user');
    await ben.leave();
  });
});
