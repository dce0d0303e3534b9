import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { channelFor, defineChannel, mount, noReply, type Channel, type Presences } from '../../src/engine/index.ts';
import { testSocket } from '../../src/engine/testing/index.ts';

interface User {
  id: number;
}

const contract = defineChannel({
  topic: 'room:{room_id}:seat:{seat}',
  join: { params: z.object({ since: z.coerce.number().default(0) }), reply: z.object({ latest: z.number() }) },
  in: {
    say: { payload: z.object({ body: z.string() }), reply: z.object({ seq: z.number() }) },
    wave: {},
  },
  out: { said: z.object({ body: z.string() }), moved: { payload: z.object({ x: z.number() }), volatile: true } },
  presence: z.object({ status: z.enum(['online', 'away']) }),
});
const handlers = { say: () => ({ seq: 1 }), wave: () => noReply };

// What is asserted here is asserted by the compiler: `tsc -p tsconfig.tests.json`, a part of `npm test`.
describe('the types of a channel', () => {
  it('flow from the contract into handlers', () => {
    const room = channelFor<User>()(contract, {
      join({ params, vars, socket, topic }) {
        expectTypeOf(params).toEqualTypeOf<{ since: number }>();
        expectTypeOf(vars.room_id).toEqualTypeOf<string>();
        expectTypeOf(vars.seat).toEqualTypeOf<string>();
        expectTypeOf(socket.identity).toEqualTypeOf<User>();
        expectTypeOf(topic).toEqualTypeOf<string>();
        // @ts-expect-error the pattern has no such variable
        void vars.table;
        return { reply: { latest: 3 }, assigns: { seen: new Set<number>() } };
      },
      joined(channel, params) {
        expectTypeOf(params).toEqualTypeOf<{ since: number }>();
        expectTypeOf(channel.assigns).toEqualTypeOf<{ seen: Set<number> }>();
        channel.presence.track('me', { status: 'online' });
        // @ts-expect-error not a status
        channel.presence.update('me', { status: 'busy' });
        expectTypeOf(channel.presence.list()).toEqualTypeOf<Presences>();
      },
      on: {
        say(payload, channel, request) {
          expectTypeOf(payload).toEqualTypeOf<{ body: string }>();
          channel.broadcast('said', { body: payload.body });
          channel.push('said', payload);
          // @ts-expect-error not the payload of `said`
          channel.broadcastFrom('said', { text: 'x' });
          channel.broadcast('moved', { x: 1 });
          // @ts-expect-error not the payload of `moved`
          channel.broadcast('moved', { x: '1' });
          // @ts-expect-error not an event of `out`
          channel.push('shouted', {});
          request.reply({ seq: 2 });
          request.reply('error', { reason: 'anything goes' });
          // @ts-expect-error not the reply of `say`
          request.reply({ seq: '2' });
          return { seq: 1 };
        },
        wave(payload) {
          expectTypeOf(payload).toEqualTypeOf<unknown>();
          return noReply;
        },
      },
      intercept: {
        said(payload) {
          expectTypeOf(payload.body).toEqualTypeOf<string>();
        },
      },
    });
    expectTypeOf(room).toExtend<Channel<User>>();
  });

  it('refuse what the contract does not say', () => {
    const channel = channelFor<User>();
    // @ts-expect-error the reply of `say` has a number
    channel(contract, { join: () => ({ reply: { latest: 1 } }), on: { ...handlers, say: () => ({ seq: '1' }) } });
    // @ts-expect-error the join reply has a number
    channel(contract, { join: () => ({ reply: { latest: '1' } }), on: handlers });
    // @ts-expect-error `typo` is not an event of `in`
    channel(contract, { on: { ...handlers, typo: () => undefined } });
  });

  it('let any event pass where nothing is declared', () => {
    channelFor<null>()(defineChannel({ topic: 'lobby' }), {
      joined: (channel) => channel.push('anything', { at: 'all' }),
      unknown: (payload) => payload,
    });
  });

  it('keep the identity of a socket and its channels together', () => {
    const channels = [channelFor<User>()(contract, { on: handlers })];
    mount('/socket', { connect: () => ({ identity: { id: 1 } }), channels });
    // @ts-expect-error these channels want a User
    mount('/socket', { connect: () => ({ identity: { name: 'x' } }), channels });
  });
});

describe('the types of a test client', () => {
  const room = channelFor<User>()(contract, { join: () => ({ reply: { latest: 1 } }), on: handlers });
  const lobby = channelFor<User>()(defineChannel({ topic: 'lobby', in: { ping: {} }, out: { pong: z.object({ at: z.number() }) } }), { on: { ping: () => ({}) } });

  it('follow the topic', async () => {
    const socket = testSocket([room, lobby], { id: 1 });
    const seat = await socket.join('room:1:seat:2', { since: '7' });
    expectTypeOf(seat.reply).toEqualTypeOf<{ latest: number }>();
    const { response } = await seat.push('say', { body: 'x' });
    expectTypeOf(response).toEqualTypeOf<{ seq: number }>();
    seat.send('wave');
    const hall = await socket.join('lobby');
    const pong = (): Promise<{ at: number }> => hall.expectPush('pong');
    expectTypeOf(pong).returns.resolves.toEqualTypeOf<{ at: number }>();

    const wrong = (): unknown[] => [
      // @ts-expect-error no channel has this topic
      socket.join('room:1', {}),
      // @ts-expect-error params are wanted
      socket.join('room:1:seat:2'),
      // @ts-expect-error not the payload of `say`
      seat.push('say', { text: 'x' }),
      // @ts-expect-error an event of the other channel
      seat.push('ping'),
      // @ts-expect-error an event of the other channel
      seat.expectPush('pong'),
      // @ts-expect-error not a User
      testSocket([room], { name: 'x' }),
    ];
    expectTypeOf(wrong).toBeFunction();
  });
});
