import { describe, expect, it } from 'vitest';
import { mount } from '../../src/engine/index.ts';
import { RawClient, refusedStatus, startEngine } from '../support/engine.ts';
import { ended, roomSocket } from '../support/room.ts';

const V2 = '/socket/websocket?vsn=2.0.0';
const start = (options = {}) => startEngine({ mounts: [mount('/socket', roomSocket, { bare: true, authToken: true, ...options })] });

async function joined(url: string, topic = 'room:1'): Promise<RawClient> {
  const client = await RawClient.open(url + V2);
  client.send(['1', '1', topic, 'phx_join', {}]);
  expect(await client.next()).toEqual(['1', '1', topic, 'phx_reply', { status: 'ok', response: {} }]);
  expect(await client.next()).toEqual(['1', null, topic, 'welcome', { room: topic.slice(5) }]);
  return client;
}

describe('handshake', () => {
  it('takes the mount with and without /websocket, and trailing slashes', async () => {
    const { url } = await start();
    for (const path of ['/socket/websocket', '/socket', '/socket/', '//socket//websocket/']) await RawClient.open(url + path);
    expect(await refusedStatus(`${url}/Socket/websocket`)).toBe(404);
    expect(await refusedStatus(`${url}/socket/websocket/more`)).toBe(404);
  });

  it.each(['1.1.0', '2.1.0', '2.0.0-rc.1', '2', '', 'x'])('refuses vsn %j with 403', async (vsn) => {
    const { url } = await start();
    expect(await refusedStatus(`${url}/socket/websocket?vsn=${vsn}`)).toBe(403);
  });

  it('answers a refused connect with 403 and a crashed one with 500', async () => {
    const { url, crashes } = await start();
    expect(await refusedStatus(`${url}${V2}&token=bad`)).toBe(403);
    expect(await refusedStatus(`${url}${V2}&token=crash`)).toBe(500);
    expect(crashes).toHaveLength(1);
  });

  it('answers a plain GET: 403 when refused, else 400', async () => {
    const { url } = await start();
    const http = url.replace('ws:', 'http:');
    expect((await fetch(`${http}${V2}&token=bad`)).status).toBe(403);
    expect((await fetch(http + V2)).status).toBe(400);
    expect((await fetch(http + V2, { method: 'POST' })).status).toBe(400);
  });

  it('takes the authToken sub-protocol of phoenix.js 1.8 and answers phoenix', async () => {
    const { url } = await start();
    const token = Buffer.from('anna').toString('base64').replaceAll('=', '');
    const client = await RawClient.open(url + V2, ['phoenix', `base64url.bearer.phx.${token}`]);
    expect(client.ws.protocol).toBe('phoenix');
  });

  it('merges path parameters into the params', async () => {
    const seen: unknown[] = [];
    const socket = { channels: [], connect: ({ params }: { params: unknown }) => ({ identity: void seen.push(params) }) };
    const { url } = await startEngine({ mounts: [mount('/tenant/:tenant/socket', socket)] });
    await RawClient.open(`${url}/tenant/acme/socket/websocket?tenant=x&vsn=2.0.0`);
    expect(seen).toEqual([{ tenant: 'acme', vsn: '2.0.0' }]);
  });
});

describe('V2 channel', () => {
  it('answers heartbeats with join_ref null, joined or not', async () => {
    const { url } = await start();
    const client = await RawClient.open(url + V2);
    client.send(['9', '3', 'phoenix', 'heartbeat', {}]);
    expect(await client.next()).toEqual([null, '3', 'phoenix', 'phx_reply', { status: 'ok', response: {} }]);
  });

  it('replies, pushes and broadcasts with the refs that Phoenix sends', async () => {
    const { url } = await start();
    const client = await joined(url);
    client.send(['1', '2', 'room:1', 'echo', { a: [1] }], ['1', '3', 'room:1', 'say', { body: 'hi' }]);
    expect(await client.drain()).toEqual([
      ['1', '2', 'room:1', 'phx_reply', { status: 'ok', response: { a: [1] } }],
      [null, null, 'room:1', 'said', { body: 'hi' }],
      ['1', '3', 'room:1', 'phx_reply', { status: 'ok', response: {} }],
    ]);
  });

  it('refuses without ending the channel', async () => {
    const { url } = await start();
    const client = await joined(url);
    client.send(
      ['1', '2', 'room:1', 'deny', {}],
      ['1', '3', 'room:1', 'say', { body: 7 }],
      ['1', '4', 'room:1', 'nothing', {}],
      ['1', '5', 'room:1', 'quiet', {}],
      ['1', '6', 'room:1', 'echo', 'still here'],
    );
    expect(await client.drain()).toEqual([
      ['1', '2', 'room:1', 'phx_reply', { status: 'error', response: { reason: 'not_now', retry: 1 } }],
      ['1', '3', 'room:1', 'phx_reply', { status: 'error', response: expect.objectContaining({ reason: 'invalid_payload', path: 'body' }) }],
      ['1', '4', 'room:1', 'phx_reply', { status: 'error', response: { reason: 'unknown_event' } }],
      ['1', '6', 'room:1', 'phx_reply', { status: 'ok', response: 'still here' }],
    ]);
  });

  it('refuses joins: denied, crashed, unmatched, wrong params; the topic stays free', async () => {
    const { url, crashes } = await start();
    const client = await RawClient.open(url + V2);
    client.send(
      ['1', '1', 'room:1', 'phx_join', { deny: true }],
      ['2', '2', 'room:1', 'phx_join', { crash: true }],
      ['3', '3', 'lobby', 'phx_join', {}],
      ['4', '4', 'room:1', 'phx_join', { delay: 'x' }],
      ['4', '5', 'room:1', 'echo', {}],
    );
    const reply = (ref: string, topic: string, response: unknown, joinRef: string | null = ref) => [joinRef, ref, topic, 'phx_reply', { status: 'error', response }];
    expect(await client.drain()).toEqual([
      reply('1', 'room:1', { reason: 'denied', room: '1' }),
      reply('2', 'room:1', { reason: 'join crashed' }),
      reply('3', 'lobby', { reason: 'unmatched topic' }, null),
      reply('4', 'room:1', expect.objectContaining({ reason: 'invalid_payload', path: 'delay' })),
      reply('5', 'room:1', { reason: 'unmatched topic' }, null),
    ]);
    expect(crashes.map(({ where }) => where)).toEqual(['room:1']);
  });

  it('says phx_error for a crash and frees the topic; other channels go on', async () => {
    const { url } = await start();
    const client = await joined(url);
    client.send(['2', '2', 'room:2', 'phx_join', {}], ['1', '3', 'room:1', 'crash', {}], ['1', '4', 'room:1', 'echo', {}], ['2', '5', 'room:2', 'echo', 5]);
    expect((await client.drain()).slice(2)).toEqual([
      ['1', '1', 'room:1', 'phx_error', { reason: 'channel_crash' }],
      [null, '4', 'room:1', 'phx_reply', { status: 'error', response: { reason: 'unmatched topic' } }],
      ['2', '5', 'room:2', 'phx_reply', { status: 'ok', response: 5 }],
    ]);
  });

  it('leaves with an ok reply and phx_close, and tells terminate why', async () => {
    const { url } = await start();
    const client = await joined(url, 'room:left');
    client.send(['1', '7', 'room:left', 'phx_leave', {}], ['1', '8', 'room:left', 'phx_leave', {}]);
    expect(await client.drain()).toEqual([
      ['1', '7', 'room:left', 'phx_reply', { status: 'ok', response: {} }],
      ['1', '1', 'room:left', 'phx_close', {}],
      ['1', '8', 'room:left', 'phx_reply', { status: 'ok', response: {} }],
    ]);
    expect(ended).toContain('room:left shutdown:left');
  });

  it.each([
    ['normal', 'phx_close', {}],
    ['shutdown', 'phx_close', {}],
    ['boom', 'phx_error', { reason: 'channel_crash' }],
  ])('stop(%j) is %s', async (reason, event, payload) => {
    const { url } = await start();
    const client = await joined(url);
    client.send(['1', '2', 'room:1', 'stop', { reason }]);
    expect(await client.drain()).toEqual([['1', '1', 'room:1', event, payload]]);
  });

  it('drops messages of a stale join_ref and takes those without', async () => {
    const { url } = await start();
    const client = await joined(url);
    client.send(['0', '2', 'room:1', 'echo', 'stale'], [null, '3', 'room:1', 'echo', 'none'], ['0', '4', 'room:1', 'phx_leave', {}]);
    expect(await client.drain()).toEqual([['1', '3', 'room:1', 'phx_reply', { status: 'ok', response: 'none' }]]);
  });

  it('answers a duplicate join first and closes the old one after it', async () => {
    const { url } = await start();
    const client = await joined(url);
    client.send(['5', '5', 'room:1', 'phx_join', {}]);
    expect(await client.drain()).toEqual([
      ['5', '5', 'room:1', 'phx_reply', { status: 'ok', response: {} }],
      ['5', null, 'room:1', 'welcome', { room: '1' }],
      ['1', '1', 'room:1', 'phx_close', {}],
    ]);
    client.send(['5', '6', 'room:1', 'say', { body: 'once' }]);
    expect((await client.drain()).filter((frame) => (frame as unknown[])[3] === 'said')).toHaveLength(1);
  });

  it('holds frames behind a slow join, in order', async () => {
    const { url } = await start();
    const client = await RawClient.open(url + V2);
    client.send(['1', '1', 'room:1', 'phx_join', { delay: 20 }], ['1', '2', 'room:1', 'echo', 'behind']);
    const events = (await client.drain()).map((frame) => (frame as unknown[])[1]);
    expect(events).toEqual(['1', null, '2']);
  });

  it('handles the messages of one channel in order though the first waits', async () => {
    const { url } = await start();
    const client = await joined(url);
    client.send(['1', '2', 'room:1', 'slow', { ms: 20 }], ['1', '3', 'room:1', 'echo', 3], ['1', '4', 'room:1', 'late', {}]);
    const refs = [await client.next(), await client.next(), await client.next()].map((frame) => (frame as unknown[])[1]);
    expect(refs).toEqual(['2', '3', '4']);
  });

  it('broadcastFrom spares the sender, and an intercepted event passes through the channel', async () => {
    const { url } = await start();
    const [anna, ben] = [await joined(url), await joined(url)];
    anna.send(['1', '2', 'room:1', 'hush', { body: 'psst' }]);
    expect(await anna.drain()).toEqual([['1', '2', 'room:1', 'phx_reply', { status: 'ok', response: {} }]]);
    expect(await ben.drain()).toEqual([['1', null, 'room:1', 'said', { body: 'psst (whispered)' }]]);
  });

  it('sends bytes as a binary reply, and takes a binary push', async () => {
    const { url } = await start();
    const client = await joined(url);
    const fields = ['1', '2', 'room:1', 'bytes'].map((field) => Buffer.from(field));
    client.send(Buffer.concat([Buffer.from([0, ...fields.map((field) => field.length)]), ...fields, Buffer.from('x')]));
    const reply = (await client.next()) as Buffer;
    expect(reply).toEqual(Buffer.concat([Buffer.from([1, 1, 1, 6, 2]), Buffer.from('12room:1ok'), Buffer.from([0, 1, 254, 255])]));
  });

  it('refuses the join beyond the channel limit', async () => {
    const { url } = await start({ maxChannels: 1 });
    const client = await joined(url);
    client.send(['2', '2', 'room:2', 'phx_join', {}]);
    expect(await client.drain()).toEqual([['2', '2', 'room:2', 'phx_reply', { status: 'error', response: { reason: 'too many channels joined' } }]]);
  });
});

describe('V1 channel', () => {
  it('is the default, speaks objects and never sends join_ref', async () => {
    const { url } = await start();
    const client = await RawClient.open(`${url}/socket/websocket`);
    client.send({ topic: 'room:1', event: 'phx_join', payload: {}, ref: '1' }, { topic: 'room:1', event: 'say', payload: { body: 'v1' }, ref: '2' });
    expect([await client.next(), await client.next(), await client.next(), await client.next()]).toEqual([
      { topic: 'room:1', event: 'phx_reply', payload: { status: 'ok', response: {} }, ref: '1' },
      { topic: 'room:1', event: 'welcome', payload: { room: '1' }, ref: null },
      { topic: 'room:1', event: 'said', payload: { body: 'v1' }, ref: null },
      { topic: 'room:1', event: 'phx_reply', payload: { status: 'ok', response: {} }, ref: '2' },
    ]);
    client.send({ topic: 'room:1', event: 'phx_leave', payload: {}, ref: '3' });
    await client.next();
    expect(await client.next()).toEqual({ topic: 'room:1', event: 'phx_close', payload: {}, ref: null });
  });

  it('closes with phx_error when a handler answers bytes, which V1 cannot carry', async () => {
    const { url } = await start();
    const client = await RawClient.open(`${url}/socket/websocket`);
    client.send({ topic: 'room:1', event: 'phx_join', payload: {}, ref: '1' }, { topic: 'room:1', event: 'bytes', payload: {}, ref: '2' });
    expect([await client.next(), await client.next(), await client.next()].at(-1)).toMatchObject({ event: 'phx_error' });
  });
});
