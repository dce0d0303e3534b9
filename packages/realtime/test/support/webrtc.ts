import { Socket } from 'phoenix';
import { answer, connectPhoenix, type PhoenixChannel, type PhoenixSocket } from './phoenix.ts';

const AnySocket = Socket as unknown as new (url: string, options: object) => PhoenixSocket;

/** A joined topic of a real phoenix.js client: its join reply, and what came, in order. */
export interface Topic {
  channel: PhoenixChannel;
  reply: any;
  seen: { event: string; payload: any }[];
  /** Payloads of one event. */
  all(event: string): any[];
  /** Resolves with the reply, rejects with the refusal. */
  push(event: string, payload?: object): Promise<any>;
  leave(): Promise<unknown>;
  closed: boolean;
}

/** One device of a user. */
export interface Device {
  socket: PhoenixSocket;
  /** Rejects with the refusal of the join; it is not tried again. */
  join(topic: string, params?: object): Promise<Topic>;
  /** The socket goes away, as when the app is killed. */
  drop(): void;
}

/** Connects a device; its socket does not come back by itself. */
export function connectDevice(url: string, token: string): Device {
  const socket = connectPhoenix(AnySocket, `${url}/socket`, { params: { token }, reconnectAfterMs: () => 3_600_000, rejoinAfterMs: () => 3_600_000 });
  return {
    socket,
    drop: () => socket.disconnect(),
    async join(name, params = {}) {
      const channel = socket.channel(name, params);
      const topic: Topic = {
        channel,
        reply: undefined,
        seen: [],
        all: (event) => topic.seen.filter((one) => one.event === event).map(({ payload }) => payload),
        push: (event, payload = {}) => answer(channel.push(event, payload)),
        leave: () => answer(channel.leave()),
        closed: false,
      };
      const raw = channel as unknown as { onMessage(event: string, payload: unknown): unknown; onClose(callback: () => void): void };
      raw.onMessage = (event, payload) => {
        if (!event.startsWith('phx_') && !event.startsWith('chan_reply')) topic.seen.push({ event, payload });
        return payload;
      };
      raw.onClose(() => (topic.closed = true));
      topic.reply = await answer(channel.join());
      return topic;
    },
  };
}

export const eventsOf = ({ seen }: Topic): string[] => seen.map(({ event }) => event);
