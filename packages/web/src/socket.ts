import { signal, type ReadonlySignal } from '@preact/signals';
import { Socket, type Channel } from 'phoenix';

export type Connection = 'connecting' | 'live' | 'reconnecting';

/** Whether news arrive as they happen. */
export const connection = signal<Connection>('connecting');

/** A connection that says nothing for so long is given up, in ms. */
const HEARTBEAT_MS = 15_000;

/** The one socket of the page, shared by all screens, as long as one user is signed in. */
export interface Live {
  readonly userId: string;
  readonly socket: Socket;
  /** `user:<id>`, joined once for all: phoenix.js has one channel of a topic. */
  readonly user: Channel;
  /** How often `user` was joined: it counts up when a lost connection is found again, after which a screen reads anew what it shows. */
  readonly joined: ReadonlySignal<number>;
}

/** Opens the socket. It reconnects by itself, with what `token` returns then; `onLost` runs at every failed attempt. */
export function goLive(userId: string, token: () => string, onLost: () => void): Live & { close(): void } {
  const socket = new Socket('/socket', { params: () => ({ token: token() }), heartbeatIntervalMs: HEARTBEAT_MS });
  const user = socket.channel(`user:${userId}`);
  const joined = signal(0);
  let closed = false;
  connection.value = 'connecting';
  socket.onOpen(() => {
    connection.value = 'live';
  });
  socket.onClose(() => {
    if (closed) return;
    connection.value = 'reconnecting';
    onLost();
  });
  socket.connect();
  user.join().receive('ok', () => {
    joined.value += 1;
  });
  return {
    userId,
    socket,
    user,
    joined,
    close() {
      closed = true;
      socket.disconnect();
    },
  };
}
