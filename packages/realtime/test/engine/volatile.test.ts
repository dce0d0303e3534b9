import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../../../../test/support/wait.ts';
import { channelFor, defineChannel, mount } from '../../src/engine/index.ts';
import { RawClient, startEngine, type EngineUnderTest } from '../support/engine.ts';
import { LongPollClient } from '../support/longpoll.ts';
import { roomSocket } from '../support/room.ts';

const PAD = randomBytes(30_000).toString('base64'); // Nothing that could be compressed away.
/** As many as no kernel keeps for a client that does not read. */
const MANY = 1_000;
const JOIN = ['1', '1', 'room:1', 'phx_join', {}];

/** The event and number of each broadcast among frames, as `moved 7`. */
function told(frames: unknown[]): string[] {
  const broadcasts = (frames as [unknown, unknown, string, string, { x?: number; body?: string }][]).filter(([, ref, , event]) => ref === null && event !== 'welcome');
  return broadcasts.map(([, , , event, { x, body }]) => `${event} ${x ?? body?.slice(0, 1)}`);
}

const moved = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `moved ${from + index}`);

async function start(mounted: object = {}, client: object = {}, channels = roomSocket.channels): Promise<EngineUnderTest & { slow: RawClient; quick: RawClient }> {
  const engine = await startEngine({ mounts: [mount('/socket', { ...roomSocket, channels }, mounted)] });
  const enter = async (): Promise<RawClient> => {
    const entered = await RawClient.open(`${engine.url}/socket/websocket?vsn=2.0.0`, [], client);
    entered.send(JOIN);
    await entered.drain();
    return entered;
  };
  return { ...engine, slow: await enter(), quick: await enter() };
}

/** Moves from 1 on, each awaited by the quick one; answers what that got. */
async function moveAll({ endpoint, quick }: { endpoint: EngineUnderTest['endpoint']; quick: RawClient }): Promise<string[]> {
  const got: string[] = [];
  for (let x = 1; x <= MANY; x += 1) {
    endpoint.broadcast('room:1', 'moved', { x, pad: PAD });
    if (x % 5 === 0) got.push(...told(await quick.drain()));
  }
  return got;
}

/** What a client gets up to the frame that is told so. */
async function upTo(client: RawClient, last: string): Promise<string[]> {
  const got: string[] = [];
  while (got.at(-1) !== last) got.push(...told([await client.next()]));
  return got;
}

describe('an event that is declared volatile', () => {
  it.each([
    ['plain', false],
    ['compressed', true],
  ])('reaches a slow reader as its latest, others whole, and closes nobody (%s)', async (_what, compress) => {
    const engine = await start({ compress, maxBufferedBytes: 500_000 }, { compress });
    const { endpoint, slow } = engine;
    slow.ws.pause();
    expect(await moveAll(engine)).toEqual(moved(1, MANY));
    slow.ws.resume();
    const got = await upTo(slow, `moved ${MANY}`);
    expect(got.length).toBeLessThan(MANY);
    expect(got).toEqual(moved(1, MANY).filter((move) => got.includes(move))); // In order, none twice.

    endpoint.broadcast('room:1', 'moved', { x: 0, pad: '' });
    expect(await upTo(slow, 'moved 0')).toEqual(['moved 0']);
    expect(endpoint.stats().connections).toBe(2);
  });

  it('waits beside others, which a slow reader gets all and in order', async () => {
    const engine = await start();
    const { endpoint, slow } = engine;
    slow.ws.pause();
    await moveAll(engine);
    for (const body of ['a', 'b', 'c']) endpoint.broadcast('room:1', 'said', { body });
    endpoint.broadcast('room:1', 'moved', { x: MANY + 1, pad: '' });
    slow.ws.resume();
    const got = await upTo(slow, `moved ${MANY + 1}`);
    expect(got.slice(-4)).toEqual(['said a', 'said b', 'said c', `moved ${MANY + 1}`]);
  });

  it('is bounded within a turn of the event loop, too', async () => {
    const { endpoint, slow } = await start({ maxBufferedBytes: 500_000 });
    for (let x = 1; x <= MANY; x += 1) endpoint.broadcast('room:1', 'moved', { x, pad: PAD });
    expect((await upTo(slow, `moved ${MANY}`)).length).toBeLessThan(10);
    expect(endpoint.stats().connections).toBe(2);
  });

  it('is bounded when it is pushed, too', async () => {
    const contract = defineChannel({ topic: 'room:1', in: { go: {} }, out: { moved: { payload: z.object({ x: z.number(), pad: z.string() }), volatile: true } } });
    const pushing = channelFor<{ name: string }>()(contract, {
      on: {
        go(_payload, channel) {
          for (let x = 1; x <= MANY; x += 1) channel.push('moved', { x, pad: PAD });
        },
      },
    });
    const { slow } = await start({ maxBufferedBytes: 500_000 }, {}, [pushing]);
    slow.send(['1', '2', 'room:1', 'go', {}]);
    const got = await upTo(slow, `moved ${MANY}`);
    expect(got.length).toBeLessThan(10);
  });

  it('does not come any more to a slow reader who left the topic', async () => {
    const engine = await start();
    const { endpoint, slow } = engine;
    slow.ws.pause();
    await moveAll(engine);
    slow.send(['1', '2', 'room:1', 'phx_leave', {}]);
    await waitFor(() => endpoint.stats().channels === 1, { what: 'the leave' });
    slow.ws.resume();
    // Once it has read all that waited, the socket has drained: what was held would be here before the second answer.
    const got = [...(await slow.drain()), ...(await slow.drain())];
    expect(told(got)).not.toContain(`moved ${MANY}`);
  });

  it('waits for a poll as its latest, once more waits than a socket would hold', async () => {
    const { url, endpoint } = await startEngine({ mounts: [mount('/socket', roomSocket, { maxBufferedBytes: 500_000 })] });
    const client = await LongPollClient.open(url);
    await client.send(JOIN);
    await client.frames();
    for (let x = 1; x <= MANY; x += 1) endpoint.broadcast('room:1', 'moved', { x, pad: PAD });
    endpoint.broadcast('room:1', 'said', { body: 'a' });
    expect(told(await client.frames())).toEqual([...moved(1, 2), 'said a', `moved ${MANY}`]);
    endpoint.broadcast('room:1', 'moved', { x: 0, pad: '' });
    expect(told(await client.frames())).toEqual(['moved 0']);
  });
});
