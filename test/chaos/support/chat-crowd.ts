import { setTimeout as pause } from 'node:timers/promises';
import { Socket, type Channel } from 'phoenix';
import type { ChatJoinReply, NewMessage } from '../../../packages/realtime/src/contracts/index.ts';

export interface ChatLossSize {
  clients: number;
  rooms: number;
  /** In each room. */
  messagesPerSecond: number;
  seconds: number;
}

/** How long a client waits for an answer before it sends the same again, in ms. */
const ANSWER_WITHIN_MS = 2_000;

/** A phoenix.js client as an app has it: it joins from where it was, and sends until it is told that the message is there. */
export interface Member {
  readonly room: string;
  /** What came, in the order of its coming. */
  readonly got: NewMessage[];
  /** What ought not to have come: a hole, a double, a wrong order. */
  readonly faults: string[];
  /** Joins so far. */
  joins(): number;
  /** Resolves when the message is acknowledged. Its content is its clientMessageId. */
  send(name: string): Promise<NewMessage>;
  leave(): void;
}

export function enter(url: string, token: string, room: string): Member {
  const socket = new Socket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/socket`, {
    params: { token },
    transport: WebSocket,
    timeout: ANSWER_WITHIN_MS,
    reconnectAfterMs: () => 100,
    rejoinAfterMs: () => 100,
  });
  const got: NewMessage[] = [];
  const faults: string[] = [];
  let joins = 0;
  let left = false;
  const take = (message: NewMessage, how: string): void => {
    const expected = got.length + 1;
    if (message.seq !== expected) faults.push(`${how}: ${message.seq} instead of ${expected}`);
    else got.push(message);
  };
  socket.connect();
  const channel = socket.channel(`chat:${room}`, () => ({ since_seq: got.length }));
  channel.on('message:new', (message: NewMessage) => take(message, `pushed after join ${joins}`));
  channel.join().receive('ok', ({ messages, truncated }: ChatJoinReply) => {
    joins += 1;
    if (truncated === true) faults.push('truncated');
    for (const message of messages) take(message, `reply of join ${joins}`);
  });

  return {
    room,
    got,
    faults,
    joins: () => joins,
    async send(name) {
      while (!left) {
        const sent = await attempt(channel, name);
        if (sent !== null) return sent;
        await pause(50);
      }
      throw new Error(`left before ${name} was acknowledged`);
    },
    leave() {
      left = true;
      socket.disconnect();
    },
  };
}

function attempt(channel: Channel, name: string): Promise<NewMessage | null> {
  return new Promise((resolve) => {
    channel
      .push('message:send', { type: 'text', content: name, clientMessageId: name }, ANSWER_WITHIN_MS)
      .receive('ok', ({ message }: { message: NewMessage }) => resolve(message))
      .receive('error', () => resolve(null))
      .receive('timeout', () => resolve(null));
  });
}
