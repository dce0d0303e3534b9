import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { mount, type ConnectInfo } from '../../src/engine/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';
import { LongPollClient } from '../support/longpoll.ts';
import { ended, roomSocket } from '../support/room.ts';

const start = (options = {}) => startEngine({ mounts: [mount('/socket', roomSocket, options), mount('/other', roomSocket, options)] });
const JOIN = ['1', '1', 'room:1', 'phx_join', {}];
const OK = { status: 'ok', response: {} };

describe('a long-polling session', () => {
  it('starts with 410 and a token, and carries frames both ways in order', async () => {
    const { url } = await start();
    const client = await LongPollClient.open(url);
    expect(await client.send(JOIN, ['1', '2', 'room:1', 'say', { body: 'hi' }])).toBe(200);
    expect(await client.frames()).toEqual([
      ['1', '1', 'room:1', 'phx_reply', OK],
      ['1', null, 'room:1', 'welcome', { room: '1' }],
      [null, null, 'room:1', 'said', { body: 'hi' }],
      ['1', '2', 'room:1', 'phx_reply', OK],
    ]);
  });

  it('speaks V1 with the whole body as one frame', async () => {
    const { url } = await start();
    const client = await LongPollClient.open(url, '/socket/longpoll', 'vsn=1.0.0');
    const join = { topic: 'room:1', event: 'phx_join', payload: {}, ref: '1' };
    expect((await client.post(JSON.stringify(join), 'application/json')).status).toBe(200);
    expect((await client.frames())[0]).toEqual({ topic: 'room:1', event: 'phx_reply', payload: OK, ref: '1' });
  });

  it.each([
    ['no token', null],
    ['"null"', 'null'],
    ['garbage', 'x'.repeat(32)],
  ])('gives a new session to a poll with %s, and 410 to a POST', async (_what, token) => {
    const { url } = await start();
    const client = new LongPollClient(url);
    client.token = token;
    expect(await client.poll()).toEqual({ status: 410, token: expect.any(String), messages: [] });
    expect(await client.send(JOIN)).toBe(410);
  });

  it('does not know the token of another mount', async () => {
    const { url } = await start();
    const { token } = await LongPollClient.open(url);
    const elsewhere = new LongPollClient(url, '/other/longpoll');
    elsewhere.token = token;
    expect(await elsewhere.send(JOIN)).toBe(410);
    expect((await elsewhere.poll()).token).not.toBe(token);
  });

  it('takes the token from the header, too', async () => {
    const { url } = await start({ longpollWindowMs: 50 });
    const { token } = await LongPollClient.open(url);
    const answer = await new LongPollClient(url).poll({ headers: { 'x-phoenix-longpoll-token': token! } });
    expect(answer).toEqual({ status: 204, token, messages: [] });
  });

  it('answers 403 in the JSON to a refused connect, a wrong vsn and a strange origin', async () => {
    const { url } = await start({ origins: ['//example.com'] });
    expect(await new LongPollClient(url, '/socket/longpoll', 'vsn=2.0.0&token=bad').poll()).toEqual({ status: 403 });
    expect(await new LongPollClient(url, '/socket/longpoll', 'vsn=3.0.0').poll()).toEqual({ status: 403 });
    expect(await new LongPollClient(url).poll({ headers: { origin: 'http://evil.example' } })).toEqual({ status: 403 });
    expect((await new LongPollClient(url).poll({ headers: { origin: 'http://example.com' } })).status).toBe(410);
  });

  it('tells connect that it is long polling, with the token of the header', async () => {
    const infos: ConnectInfo[] = [];
    const socket = { channels: [], connect: (info: ConnectInfo) => ({ identity: void infos.push(info) }) };
    const { url } = await startEngine({ mounts: [mount('/socket/:tenant', socket, { authToken: true })] });
    await new LongPollClient(url, '/socket/acme/longpoll').poll({ headers: { 'x-phoenix-authtoken': 'secret' } });
    expect(infos).toMatchObject([{ transport: 'longpoll', authToken: 'secret', params: { tenant: 'acme', vsn: '2.0.0' } }]);
  });
});

describe('a poll', () => {
  it('waits for messages, at most its window', async () => {
    const { url, endpoint } = await start({ longpollWindowMs: 300 });
    const client = await LongPollClient.open(url);
    await client.send(JOIN);
    await client.frames();
    expect(await client.poll()).toEqual({ status: 204, token: client.token, messages: [] });
    const waiting = client.poll();
    const spread = setInterval(() => endpoint.broadcast('room:1', 'said', { body: 'late' }), 20);
    const { status, messages } = await waiting;
    clearInterval(spread);
    expect([status, messages?.[0]]).toEqual([200, '[null,null,"room:1","said",{"body":"late"}]']);
  });

  it('yields to a later one, which gets the messages', async () => {
    const { url } = await start({ longpollWindowMs: 5_000 });
    const client = await LongPollClient.open(url);
    // Which of the two came first is the server's to know; the one that was there ends empty.
    const polls = [client.poll(), client.poll()];
    expect(await Promise.race(polls)).toMatchObject({ status: 204 });
    await client.send(JOIN);
    const answers = await Promise.all(polls);
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['200', '204']);
  });

  it('keeps messages for the next one when its client went away', async () => {
    const { url, endpoint } = await start({ longpollWindowMs: 5_000 });
    const client = await LongPollClient.open(url);
    await client.send(JOIN);
    await client.frames();
    const abort = new AbortController();
    const gone = client.poll({ signal: abort.signal });
    abort.abort();
    await expect(gone).rejects.toThrow();
    endpoint.broadcast('room:1', 'said', { body: 'kept' });
    expect(await client.frames()).toEqual([[null, null, 'room:1', 'said', { body: 'kept' }]]);
  });

  it('skips bytes, which its JSON cannot carry', async () => {
    const { url } = await start();
    const client = await LongPollClient.open(url);
    await client.send(JOIN, ['1', '2', 'room:1', 'bytes', {}], ['1', '3', 'room:1', 'echo', 3]);
    expect((await client.frames()).map((frame) => (frame as unknown[])[1])).toEqual(['1', null, '3']);
  });
});

describe('a POST', () => {
  it('takes a batch of texts and base64 of binary frames, also more than a hundred', async () => {
    const { url } = await start();
    const client = await LongPollClient.open(url);
    const fields = ['1', 'b', 'room:1', 'echo'].map((field) => Buffer.from(field));
    const binary = Buffer.concat([Buffer.from([0, ...fields.map((field) => field.length)]), ...fields]);
    const echoes = Array.from({ length: 150 }, (_, index) => ['1', String(index), 'room:1', 'echo', index]);
    expect(await client.send(JOIN, binary, ...echoes)).toBe(200);
    expect((await client.frames()).slice(2)).toEqual(
      echoes.map(([joinRef, ref, topic, , response]) => [joinRef, ref, topic, 'phx_reply', { status: 'ok', response }]),
    );
  });

  it.each([
    ['malformed JSON', '{', 'application/json'],
    ['an empty line', `${JSON.stringify(JOIN)}\n`, 'application/x-ndjson'],
    ['a broken binary frame', Buffer.from([9, 9]).toString('base64'), 'application/x-ndjson'],
  ])('ends the session with 408 on %s', async (_what, body, type) => {
    const { url, endpoint } = await start();
    const client = await LongPollClient.open(url);
    expect(await (await client.post(body, type)).json()).toEqual({ status: 408 });
    expect(await client.send(JOIN)).toBe(410);
    expect(endpoint.stats().connections).toBe(0);
  });

  it('answers HTTP 500 to what is not base64 and keeps the session', async () => {
    const { url } = await start();
    const client = await LongPollClient.open(url);
    expect((await client.post('%%%')).status).toBe(500);
    expect(await client.send(JOIN)).toBe(200);
  });

  it('takes 7 MB and answers HTTP 400 to more than 8,000,000 bytes', async () => {
    const { url } = await start();
    const client = await LongPollClient.open(url);
    const body = (bytes: number): string => JSON.stringify([null, '1', 'phoenix', 'heartbeat', { pad: 'x'.repeat(bytes) }]);
    expect((await client.post(body(7_000_000))).status).toBe(200);
    expect(await tooLarge(client)).toBe(400);
    expect(await client.send(JOIN)).toBe(200);
  });
});

describe('other methods', () => {
  it('answers a CORS preflight for whatever headers are asked for', async () => {
    const { url } = await start();
    const response = await fetch(new LongPollClient(url).url, { method: 'OPTIONS', headers: { 'access-control-request-headers': 'x-phoenix-authtoken' } });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'x-phoenix-authtoken',
      'access-control-allow-methods': 'get, post, options',
      'access-control-max-age': '3600',
    });
  });

  it.each(['PUT', 'DELETE', 'HEAD'])('answers HTTP 400 to %s', async (method) => {
    const { url } = await start();
    expect((await fetch(new LongPollClient(url).url, { method })).status).toBe(400);
  });

  it('is not served where it is switched off', async () => {
    const { url } = await start({ longpollPath: false });
    expect((await fetch(new LongPollClient(url).url)).status).toBe(404);
  });
});

describe('the end of a session', () => {
  it('comes when nobody polls for one and a half windows', async () => {
    const { url, endpoint } = await start({ longpollWindowMs: 40 });
    const client = await LongPollClient.open(url);
    await client.send(['1', '1', 'room:abandoned', 'phx_join', {}]);
    await waitFor(() => endpoint.stats().connections === 0);
    expect(ended).toContain('room:abandoned shutdown:closed');
    expect(await client.send(JOIN)).toBe(410);
  });

  it('comes at once, also to a poll that waits, when its id is disconnected', async () => {
    const { url, endpoint } = await start();
    const client = await LongPollClient.open(url, '/socket/longpoll', 'vsn=2.0.0&name=anna');
    const waiting = client.poll();
    await waitFor(() => endpoint.stats().connections === 1);
    endpoint.disconnect('who:anna');
    expect((await waiting).messages).toEqual([]);
    const { status, token } = await client.poll();
    expect(status).toBe(410);
    expect(token).not.toBe(client.token);
  });

  it('comes when its token is too old', async () => {
    const { url } = await start({ longpollTokenTtlMs: 50, longpollWindowMs: 30 });
    const client = await LongPollClient.open(url);
    await waitFor(async () => (await client.poll()).status === 410);
  });

  it('comes when more waits for its client than fits; others get all', async () => {
    const { url, endpoint } = await start({ maxBufferedBytes: 10_000 });
    const client = await LongPollClient.open(url);
    const other = await RawClient.open(`${url}/socket/websocket?vsn=2.0.0`);
    other.send(JOIN);
    await client.send(JOIN);
    await other.drain();
    for (let sent = 0; sent < 20; sent += 1) endpoint.broadcast('room:1', 'said', { body: 'x'.repeat(1_000) });
    expect(endpoint.stats().connections).toBe(1);
    expect(await other.drain()).toHaveLength(20);
    expect(await client.send(JOIN)).toBe(410);
  });

  it('comes with a drain', async () => {
    const { url, endpoint } = await start();
    const client = await LongPollClient.open(url);
    await endpoint.drain();
    expect(await client.send(JOIN)).toBe(410);
    expect((await fetch(client.url)).status).toBe(503);
  });
});

/** `fetch` reports a reset when the answer comes before the body was sent; this one reads the answer. */
function tooLarge(client: LongPollClient): Promise<number> {
  return new Promise((resolve, reject) => {
    const post = request(`${client.url}&token=${client.token}`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    post.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
    post.end(Buffer.alloc(8_000_001, 0x20));
  });
}
