import { expect, it } from 'vitest';
import { createLocalPubSub, channelFor, defineChannel, mount } from '../../src/engine/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';

/** A room whose guests may ask for bytes, or to listen where another room's guests do. */
const room = channelFor<object>()(
  defineChannel({ topic: 'room:{id}' }),
  {
    join: ({ params, vars }) => {
      const { variant } = params as { variant?: string };
      return variant === undefined ? {} : { topics: [variant, ...(variant === 'bytes' ? [`room:${vars.id}`] : [])] };
    },
  },
);

async function start() {
  const pubsub = createLocalPubSub();
  const socket = { connect: ({ params }: { params: object }) => ({ identity: {}, id: String((params as { name?: string }).name) }), channels: [room] };
  const engine = await startEngine({ pubsub, mounts: [mount('/socket', socket)] });
  const enter = async (name: string, topic: string, params: object = {}) => {
    const client = await RawClient.open(`${engine.url}/socket/websocket?vsn=2.0.0&name=${name}`);
    client.send(['1', '1', topic, 'phx_join', params]);
    return { client, reply: await client.drain() };
  };
  return { ...engine, pubsub, enter };
}

it('a channel listens where its join says, under the topic that its client joined', async () => {
  const { pubsub, endpoint, enter } = await start();
  const [{ client: plain }, { client: variant }] = [await enter('anna', 'room:1'), await enter('ben', 'room:1', { variant: 'bytes' })];
  pubsub.publish({ topic: 'room:1', event: 'both', payload: {} });
  pubsub.publish({ topic: 'bytes', event: 'some', payload: { a: 1 } });
  expect(await plain.drain()).toEqual([[null, null, 'room:1', 'both', {}]]);
  expect(await variant.drain()).toEqual([[null, null, 'room:1', 'both', {}], [null, null, 'room:1', 'some', { a: 1 }]]);
  expect(endpoint.membersOf('bytes')).toBe(1);
  variant.send(['1', '2', 'room:1', 'phx_leave', {}]);
  await variant.drain();
  expect([endpoint.membersOf('bytes'), endpoint.membersOf('room:1')]).toEqual([0, 1]);
});

it('those who joined different topics cannot share one: frames would come under the wrong name', async () => {
  const { enter, crashes } = await start();
  await enter('anna', 'room:1', { variant: 'shared' });
  await enter('ben', 'room:2', { variant: 'shared' });
  expect(crashes.map(({ thrown }) => String(thrown))).toEqual(['TypeError: who joined "room:2" cannot listen to "shared", which is of "room:1"']);
});

it('`only` names the sockets that get a broadcast', async () => {
  const { pubsub, enter } = await start();
  const clients = await Promise.all(['anna', 'ben', 'anna'].map(async (name) => (await enter(name, 'room:1')).client));
  pubsub.publish({ topic: 'room:1', event: 'secret', payload: {}, only: ['anna'] });
  pubsub.publish({ topic: 'room:1', event: 'nobody', payload: {}, only: [] });
  const got = await Promise.all(clients.map(async (client) => (await client.drain()).length));
  expect(got).toEqual([1, 0, 1]);
});
