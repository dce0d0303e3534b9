import { z } from 'zod';
import { channelFor, defineChannel, mount, Refusal, type SocketHandler } from '../../src/engine/index.ts';
import { startEngine, type EngineUnderTest } from '../support/engine.ts';

interface Guest {
  name: string;
}

/** What clients of every version can do. */
const lounge = channelFor<Guest>()(
  defineChannel({
    topic: 'lounge:{id}',
    join: { params: z.object({ banned: z.boolean().optional() }) },
    in: {
      echo: {},
      say: { payload: z.object({ body: z.string() }) },
      fail: {},
      bytes: { payload: z.instanceof(Uint8Array) },
      status: { payload: z.object({ status: z.string() }) },
    },
    presence: z.object({ status: z.string() }),
  }),
  {
    join({ params, socket }) {
      if (params.banned === true) throw new Refusal('banned', { until: 'tomorrow' });
      return { reply: { name: socket.identity.name, transport: socket.transport } };
    },
    async joined(channel) {
      channel.presence.track(channel.socket.identity.name, { status: 'online' });
      await channel.presence.pushState();
    },
    on: {
      echo: (payload) => payload,
      say: (payload, channel) => channel.broadcast('said', payload),
      fail() {
        throw new Refusal('failed');
      },
      bytes(payload, channel) {
        channel.broadcast('bytes', payload);
        return payload;
      },
      status: (meta, channel) => channel.presence.update(channel.socket.identity.name, meta),
    },
  },
);

const socket: SocketHandler<Guest> = {
  connect({ params, authToken }) {
    const name = String(params['name'] ?? authToken);
    return { identity: { name }, id: `guest:${name}` };
  },
  channels: [lounge],
};

/** The lounge at `/socket`; `port` is that of a lounge that was killed. */
export function openLounge({ port = 0 } = {}): Promise<EngineUnderTest> {
  return startEngine({ mounts: [mount('/socket', socket, { authToken: true, longpollWindowMs: 2_000 })] }, { port });
}

/** A lounge whose WebSocket handshakes never end, as behind a proxy that knows none. */
export function openLoungeBehindOldProxy(): Promise<EngineUnderTest> {
  const stalled: SocketHandler<Guest> = { ...socket, connect: (info) => (info.transport === 'websocket' ? new Promise(() => undefined) : socket.connect(info)) };
  return startEngine({ mounts: [mount('/socket', stalled, { longpollWindowMs: 2_000 })] });
}
