import { z } from 'zod';
import { channelFor, defineChannel, noReply, Refusal, type SocketHandler } from '../../src/engine/index.ts';

const body = z.object({ body: z.string() });

/** A channel that shows what handlers can do. */
export const roomContract = defineChannel({
  topic: 'room:{room_id}',
  join: { params: z.object({ delay: z.number().optional(), deny: z.boolean().optional(), crash: z.boolean().optional() }) },
  in: {
    say: { payload: body },
    echo: { payload: z.unknown(), reply: z.unknown() },
    quiet: {},
    late: { reply: z.object({ late: z.boolean() }) },
    slow: { payload: z.object({ ms: z.number() }) },
    deny: {},
    crash: {},
    stop: { payload: z.object({ reason: z.string().optional() }) },
    hush: { payload: body },
    bytes: {},
  },
  out: {
    said: body,
    whispered: body,
    welcome: z.object({ room: z.string() }),
    moved: { payload: z.object({ x: z.number() }), volatile: true },
  },
});

export const ended: string[] = [];

export const room = channelFor<{ name: string }>()(roomContract, {
  async join({ params, vars }) {
    if (params.deny === true) throw new Refusal('denied', { room: vars.room_id });
    if (params.crash === true) throw new Error('join boom');
    if (params.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, params.delay));
    return { assigns: { since: 1 } };
  },
  joined(channel) {
    channel.push('welcome', { room: channel.vars.room_id });
  },
  on: {
    say(payload, channel) {
      channel.broadcast('said', payload);
    },
    echo: (payload) => payload,
    quiet: () => noReply,
    late(_payload, channel, request) {
      channel.after(5, () => request.reply({ late: true }));
      return noReply;
    },
    slow: ({ ms }) => new Promise((resolve) => void setTimeout(resolve, ms)),
    deny() {
      throw new Refusal('not_now', { retry: 1 });
    },
    crash() {
      throw new Error('boom');
    },
    stop({ reason }, channel) {
      channel.stop(reason);
      return noReply;
    },
    hush(payload, channel) {
      channel.broadcastFrom('whispered', payload);
    },
    bytes: () => Buffer.from([0, 1, 254, 255]),
  },
  intercept: {
    whispered(payload, channel) {
      channel.push('said', { body: `${payload.body} (whispered)` });
    },
  },
  terminate(reason, channel) {
    ended.push(`${channel.topic} ${reason}`);
  },
});

export const roomSocket: SocketHandler<{ name: string }> = {
  connect({ params, authToken }) {
    if (params['token'] === 'bad') throw new Refusal('unauthorized');
    if (params['token'] === 'crash') throw new Error('connect boom');
    const name = String(params['name'] ?? authToken ?? 'nobody');
    return { identity: { name }, id: `who:${name}` };
  },
  channels: [room],
};
