import { channelFor, defineChannel, noReply, Refusal, type Channel, type ChannelContext, type Endpoint } from '../../src/engine/index.ts';

export interface ConfIdentity {
  params: unknown;
  info: Record<string, unknown>;
  transport: string;
  id: string | null;
}

type Ctx = ChannelContext<{ topic: 'conf:*' }, ConfIdentity, JoinParams>;
type JoinParams = Record<string, unknown>;
type Body = Record<string, any>;

const BYTES = Uint8Array.from([0, 1, 0xfe, 0xff]);
const OPEN = { topic: 'conf:*' } as const;

function isObject(value: unknown): value is JoinParams {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Presence keys are strings; clients of the suite send numbers, too. */
const keyOf = (body: Body): string => String(body['key']);

/** Events of the application, each in the words of APP.md. */
function events(endpoint: () => Endpoint): Record<string, (body: any, channel: Ctx, request: any) => unknown> {
  const crashWith = (message: string) => (): never => {
    throw new Error(message);
  };
  const crash = crashWith('crash requested');
  const shout = (channel: Ctx, payload: object): void => channel.broadcast('shouted', payload);
  return {
    echo: (body, _channel, request) => void request.reply('ok', body),
    fail: () => {
      throw new Refusal('failed');
    },
    noreply: () => noReply,
    status_only: () => ({}),
    status_error: (_body, _channel, request) => void request.reply('error', {}),
    custom_status: (body, _channel, request) => void request.reply('custom', body),
    push_back: (body, channel) => (channel.push('pushed', body), noReply),
    push_then_reply: (body, channel) => {
      channel.push('pushed', { n: 1 });
      channel.push('pushed', { n: 2 });
      return body;
    },
    late_reply: (body, channel, request) => {
      if (request.ref === null) crash();
      channel.after(30, () => request.reply(body));
      return noReply;
    },
    double_reply: (body, _channel, request) => {
      request.reply({ n: 1 });
      request.reply(body);
    },
    broadcast: (body, channel) => shout(channel, body),
    broadcast_from: (body, channel) => channel.broadcastFrom('shouted', body),
    broadcast_many: ({ n }, channel) => {
      for (let index = 1; index <= n; index += 1) shout(channel, { n: index });
    },
    broadcast_to: ({ topic, event, payload }) => endpoint().broadcast(topic, event, payload),
    broadcast_intercepted: (body, channel) => channel.broadcast('intercepted', body),
    broadcast_drop: (body, channel) => channel.broadcast('intercept_drop', body),
    broadcast_mixed: (_body, channel) => {
      channel.broadcast('intercepted', { n: 1 });
      shout(channel, { n: 2 });
    },
    broadcast_stop: (_body, channel) => (channel.broadcast('intercept_stop', {}), noReply),
    bin_echo: (bytes) => bytes,
    bin_error: (bytes, _channel, request) => void request.reply('error', bytes),
    bin_push: (bytes, channel) => (channel.push('bin_pushed', bytes), noReply),
    bin_broadcast: (bytes, channel) => channel.broadcast('bin_shouted', bytes),
    bin_size: (bytes: Uint8Array) => ({ size: bytes.length }),
    text_to_bin: () => BYTES,
    text_bin_push: (_body, channel) => (channel.push('bin_pushed', BYTES), noReply),
    text_bin_broadcast: (_body, channel) => channel.broadcast('bin_shouted', BYTES),
    push_nonmap: (_body, channel) => channel.push('pushed', 'a string' as unknown as object),
    crash,
    throw: crashWith('bad_return_value'),
    exit: (_body, channel) => (channel.stop('x'), noReply),
    exit_normal: crash,
    bad_return: crash,
    bad_reply: crash,
    stop: (_body, channel) => (channel.stop('normal'), noReply),
    stop_shutdown: (_body, channel) => (channel.stop('shutdown'), noReply),
    stop_shutdown_tuple: (_body, channel) => (channel.stop('shutdown:done'), noReply),
    stop_error: (_body, channel) => (channel.stop('boom'), noReply),
    stop_error_reply: (_body, channel, request) => {
      request.reply('error', { bye: true });
      channel.stop('boom');
    },
    stop_reply: (_body, channel, request) => {
      request.reply({ bye: true });
      channel.stop('normal');
    },
    stop_later: (_body, channel) => void channel.after(30, () => channel.stop('normal')),
    disconnect_me: (_body, channel) => (endpoint().disconnect(channel.socket.id ?? ''), noReply),
    disconnect_uid: ({ uid }) => endpoint().disconnect(`conf_socket:${uid}`),
    id_broadcast: ({ event }, channel) => endpoint().broadcast(channel.socket.id ?? '', event, {}),
    track: (body, channel) => refused(() => channel.presence.track(keyOf(body), body['meta'] ?? {})),
    update: (body, channel) => refused(() => channel.presence.update(keyOf(body), body['meta'] ?? {})),
    untrack: (body, channel) => channel.presence.untrack(keyOf(body)),
    presence_list: (_body, channel) => channel.presence.list(),
    inspect_params: (_body, channel) => ({ params: channel.socket.identity.params }),
    connect_info: (_body, channel) => channel.socket.identity.info,
    whoami: (_body, channel) => ({ topic: channel.topic, join_ref: channel.joinRef, id: channel.socket.id, transport: channel.socket.transport }),
  };
}

/** The recording has the bare reason. */
function refused(action: () => void): void {
  try {
    action();
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(error.code) : error;
  }
}

/** The conf channel under a topic pattern. */
export function confChannel(topic: string, endpoint: () => Endpoint): Channel<ConfIdentity> {
  const handlers = events(endpoint);
  const contract = defineChannel({ ...OPEN, topic: topic as 'conf:*' });
  return channelFor<ConfIdentity>()<typeof contract, JoinParams>(contract, {
    join({ params }) {
      if (!isObject(params)) return { reply: { nonmap: params }, assigns: {} as JoinParams };
      if (params['refuse'] === true) throw new Refusal('refused');
      if (params['crash'] === true || params['badret'] === true || params['push_in_join'] === true) throw new Error('join failed');
      return { reply: 'reply' in params ? { echo: params['reply'] } : {}, assigns: params };
    },
    joined(channel) {
      const { after_push: afterPush, presence, key, meta = {} } = channel.assigns;
      if (afterPush === true) channel.push('after_join', { topic: channel.topic });
      const track = (): void => channel.presence.track(String(key), meta as object);
      if (presence === true) track();
      if (presence === true || presence === 'state_first' || presence === 'state_only') void channel.presence.pushState();
      if (presence === 'state_first') track();
    },
    unknown(payload, channel, request) {
      const handler = Object.hasOwn(handlers, request.event) ? handlers[request.event] : undefined;
      if (handler === undefined) throw new Error('function_clause');
      return handler(payload, channel as Ctx, request);
    },
    intercept: {
      intercepted: (payload: object, channel: Ctx) => channel.push('intercepted', { ...payload, by: channel.joinRef }),
      intercept_drop: () => undefined,
      intercept_stop: (_payload: object, channel: Ctx) => channel.stop('normal'),
    },
    terminate(reason, channel) {
      const spy = channel.assigns?.['spy'];
      if (typeof spy === 'string') endpoint().broadcast(spy, 'terminated', { reason });
    },
  });
}

/** Joins after `delay` ms and echoes every event. */
export const slowChannel: Channel<ConfIdentity> = channelFor<ConfIdentity>()(defineChannel({ topic: 'slow:*' }), {
  async join({ params }) {
    const delay = isObject(params) ? Number(params['delay'] ?? 0) : 0;
    await new Promise((resolve) => setTimeout(resolve, delay));
    return { reply: { slept: delay } };
  },
  unknown: (payload) => payload,
});
