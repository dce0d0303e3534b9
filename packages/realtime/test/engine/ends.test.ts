import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { mount } from '../../src/engine/index.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { RawClient, refusedStatus, startEngine } from '../support/engine.ts';
import { ended, roomSocket } from '../support/room.ts';

const V2 = '/socket/websocket?vsn=2.0.0';
const start = (options = {}) => startEngine({ mounts: [mount('/socket', roomSocket, options)] });

describe('the end of a connection', () => {
  it.each([
    ['broken JSON', '{'],
    ['an empty text', ''],
    ['null', 'null'],
    ['four elements', '["1","1","room:1","phx_join"]'],
    ['a V1 object on V2', '{"topic":"room:1","event":"phx_join","payload":{},"ref":"1"}'],
    ['a binary frame of a server kind', Buffer.from([2, 1, 1, 65, 66])],
    ['a truncated binary frame', Buffer.from([0, 1, 1, 9, 9, 65])],
    ['a binary header that is not UTF-8', Buffer.from([0, 1, 0, 0, 0, 0xff])],
  ])('closes with 1011 on %s, and others do not notice', async (_what, frame) => {
    const { url } = await start();
    const [bad, good] = [await RawClient.open(url + V2), await RawClient.open(url + V2)];
    bad.ws.send(frame);
    expect(await bad.closed).toBe(1011);
    expect(await good.drain()).toEqual([]);
  });

  it('closes with 1009 on a frame over the limit', async () => {
    const { url } = await start({ maxFrameBytes: 1_000 });
    const client = await RawClient.open(url + V2);
    client.send([null, '1', 'phoenix', 'heartbeat', { pad: 'x'.repeat(2_000) }]);
    expect(await client.closed).toBe(1009);
  });

  it('closes with 1001 on disconnect of the socket id, on that id alone', async () => {
    const { url, endpoint } = await start();
    const [anna, ben] = [await RawClient.open(`${url}${V2}&name=anna`), await RawClient.open(`${url}${V2}&name=ben`)];
    endpoint.disconnect('who:anna');
    expect(await anna.closed).toBe(1001);
    expect(await ben.drain()).toEqual([]);
    expect(endpoint.stats().connections).toBe(1);
  });

  it('closes with 1002 after the idle time-out; a ping keeps it open', async () => {
    const { url } = await start({ idleTimeoutMs: 200 });
    const idle = await RawClient.open(url + V2);
    const pinging = await RawClient.open(url + V2);
    const pings = setInterval(() => pinging.ws.ping(), 20);
    expect(await idle.closed).toBe(1002);
    clearInterval(pings);
    expect(pinging.ws.readyState).toBe(pinging.ws.OPEN);
  });

  it('closes with 4001 once the grant of connect has run out', async () => {
    const socket = { ...roomSocket, connect: () => ({ identity: { name: 'x' }, expiresAt: Date.now() + 50 }) };
    const { url } = await startEngine({ mounts: [mount('/socket', socket, { idleTimeoutMs: 400 })] });
    expect(await (await RawClient.open(url + V2)).closed).toBe(4001);
  });

  it('drains with 1012 and refuses new connections with 503', async () => {
    const { url, endpoint } = await start();
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(url + V2)));
    await endpoint.drain({ batchSize: 2, intervalMs: 1 });
    expect(await Promise.all(clients.map((client) => client.closed))).toEqual([1012, 1012, 1012]);
    expect(await refusedStatus(url + V2)).toBe(503);
  });

  it('drains in larger batches where the deadline asks for it', async () => {
    const { url, endpoint } = await start();
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(url + V2)));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const drained = endpoint.drain({ batchSize: 1, intervalMs: 100, deadlineMs: 400 });
    const left = [endpoint.stats().connections];
    while (left.at(-1)! > 0) {
      await vi.advanceTimersByTimeAsync(100);
      left.push(endpoint.stats().connections);
    }
    expect(left).toEqual([16, 12, 8, 4, 0]);
    await drained;
    expect(new Set(await Promise.all(clients.map((client) => client.closed)))).toEqual(new Set([1012]));
  });

  it('ends the channels of a socket that is cut, and forgets it', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(url + V2);
    client.send(['1', '1', 'room:cut', 'phx_join', {}]);
    await client.next();
    client.ws.terminate();
    await waitFor(() => ended.includes('room:cut shutdown:closed'));
    expect(endpoint.stats()).toMatchObject({ connections: 0, channels: 0, ends: { client: 1 } });
  });

  it('ends a channel whose client left during its slow join', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(url + V2);
    client.send(['1', '1', 'room:gone', 'phx_join', { delay: 50 }]);
    client.ws.terminate();
    await waitFor(() => endpoint.stats().connections === 0);
    expect(ended).not.toContain('room:gone shutdown:closed');
  });

  it('closes a client that floods a busy channel with 1013', async () => {
    const { url } = await start({ mailboxLimit: 10 });
    const client = await RawClient.open(url + V2);
    client.send(['1', '1', 'room:1', 'phx_join', {}], ['1', '2', 'room:1', 'slow', { ms: 5_000 }]);
    for (let ref = 3; ref < 20; ref += 1) client.send(['1', String(ref), 'room:1', 'echo', {}]);
    expect(await client.closed).toBe(1013);
  });

  it('closes a reader that is too slow instead of keeping what it does not read; others get all', async () => {
    const { url, endpoint } = await start({ maxBufferedBytes: 64 * 1024 });
    const slow = await RawClient.open(url + V2);
    const quick = await RawClient.open(url + V2);
    for (const client of [slow, quick]) client.send(['1', '1', 'room:big', 'phx_join', {}]);
    await Promise.all([slow.next(), quick.next()]);
    slow.ws.pause();
    const payload = { body: 'x'.repeat(100_000) };
    let sent = 0;
    await waitFor(
      () => {
        endpoint.broadcast('room:big', 'said', payload);
        sent += 1;
        return endpoint.stats().connections === 1;
      },
      { intervalMs: 1, timeoutMs: 20_000, what: 'the slow reader is closed' },
    );
    const got = (await quick.drain()).filter((frame) => (frame as unknown[])[3] === 'said');
    expect(got).toHaveLength(sent);
  });
});
