import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { channelFor, defineChannel, mount } from '../../src/engine/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';
import { roomSocket } from '../support/room.ts';

const relay = channelFor<{ name: string }>()(defineChannel({ topic: 'relay:*' }), {
  unknown: (payload, channel, { event }) => channel.broadcast('relayed', event === 'bytes' ? Uint8Array.of(1) : (payload as object)),
});
const V2 = '/socket/websocket?vsn=2.0.0';
const start = (options = {}) => startEngine({ mounts: [mount('/socket', { ...roomSocket, channels: [...roomSocket.channels, relay] }, options)] });

/** An array within an array within … */
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('a hostile client', () => {
  it('that joins ten thousand topics gets a hundred of them', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(url + V2);
    for (let ref = 0; ref < 10_000; ref += 1) client.send([String(ref), String(ref), `relay:${ref}`, 'phx_join', {}]);
    const statuses = (await client.drain()).map((frame) => (frame as any)[4].status);
    expect(statuses.filter((status) => status === 'ok')).toHaveLength(100);
    expect(statuses.filter((status) => status === 'error')).toHaveLength(9_900);
    expect(endpoint.stats().channels).toBe(100);
  });

  it('that joins one topic ten thousand times has it once', async () => {
    const { url, endpoint } = await start();
    const client = await RawClient.open(url + V2);
    for (let ref = 0; ref < 10_000; ref += 1) client.send([String(ref), String(ref), 'relay:1', 'phx_join', {}]);
    expect(await client.drain()).toHaveLength(19_999);
    expect(endpoint.stats().channels).toBe(1);
  });

  // JSON.parse takes any depth, JSON.stringify does not: a ref or a payload that is sent back would end the process.
  it.each([
    ['ref', `[null,${nested(100_000)},"phoenix","heartbeat",{}]`],
    ['join_ref', `[${nested(100_000)},"1","relay:1","phx_join",{}]`],
    ['topic', `[null,"1",${nested(100_000)},"phx_join",{}]`],
    ['payload', `["1","2","relay:1","x",{"a":${nested(100_000)}}]`],
  ])('that nests its %s a hundred thousand levels deep is closed with 1011', async (_what, frame) => {
    const { url } = await start();
    const [bad, good] = [await RawClient.open(url + V2), await RawClient.open(url + V2)];
    for (const client of [bad, good]) client.send(['1', '1', 'relay:1', 'phx_join', {}]);
    await good.drain();
    bad.ws.send(frame);
    expect(await bad.closed).toBe(1011);
    expect(await good.drain()).toEqual([]);
  });

  it('that nests up to the limit is served, and brackets in strings do not count', async () => {
    const { url } = await start();
    const client = await RawClient.open(url + V2);
    const deep = JSON.parse(nested(995)) as unknown;
    const text = `${'[{'.repeat(5_000)}"\\`;
    client.send(['1', '1', 'room:1', 'phx_join', {}], ['1', '2', 'room:1', 'echo', deep], ['1', '3', 'room:1', 'echo', text]);
    const replies = (await client.drain()).map((frame) => (frame as any)[4].response);
    expect(JSON.stringify(replies[2])).toBe(JSON.stringify(deep));
    expect(replies[3]).toBe(text);
  });

  it('that has a broadcast made which cannot be encoded harms nobody; the crash is told', async () => {
    const { url, endpoint, crashes } = await start();
    const topic = `relay:${'x'.repeat(300)}`; // Longer than a binary frame can say.
    const client = await RawClient.open(url + V2);
    client.send(['1', '1', topic, 'phx_join', {}], ['1', '2', topic, 'bytes', {}], ['1', '3', topic, 'x', {}]);
    endpoint.broadcast(topic, 'big', { big: 1n });
    expect((await client.drain()).map((frame) => (frame as unknown[])[3])).toEqual(['phx_reply', 'phx_reply', 'relayed', 'phx_reply']);
    endpoint.broadcast(topic, 'big', { big: 1n });
    expect(crashes.map(({ where }) => where)).toEqual([`broadcast ${topic}`, `broadcast ${topic}`]);
  });

  it('that sends text which is not UTF-8 is closed with 1007', async () => {
    const { url } = await start();
    const client = await RawClient.open(url + V2);
    client.ws.send(Buffer.from([0x5b, 0xff, 0x5d]), { binary: false });
    expect(await client.closed).toBe(1007);
  });

  it('that pushes behind a join that never ends is held back, then closed', async () => {
    const { url, endpoint } = await start({ mailboxLimit: 10 });
    const [bad, good] = [await RawClient.open(url + V2), await RawClient.open(url + V2)];
    bad.send(['1', '1', 'room:1', 'phx_join', { delay: 60_000 }]);
    for (let ref = 0; ref < 1_000; ref += 1) bad.send(['1', String(ref), 'room:1', 'echo', 'x'.repeat(1_000)]);
    expect(await good.drain()).toEqual([]);
    bad.ws.terminate();
    await waitFor(() => endpoint.stats().connections === 1);
  });
});
