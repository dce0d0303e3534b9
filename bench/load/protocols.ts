import type { Client } from './client.ts';
import { clientFrame } from './frames.ts';

/** How to do the same thing with each server. `payload` is the text of a JSON object. */
export interface Protocol {
  path: string;
  /** Whether there are rooms, or one for all. */
  rooms: boolean;
  /** From the upgrade to being in the room. */
  join(client: Client, topic: string): Promise<void>;
  leave(client: Client, topic: string): Promise<void>;
  shout(payload: string, topic: string): Buffer;
  echo(payload: string, topic: string): Buffer;
}

export const phoenix: Protocol = {
  path: '/socket/websocket?vsn=2.0.0',
  rooms: true,
  join: (client, topic) => ask(client, `["1","1","${topic}","phx_join",{}]`, (text) => text.includes('phx_reply')),
  leave: (client, topic) => ask(client, `["1","2","${topic}","phx_leave",{}]`, (text) => text.includes('phx_close')),
  shout: (payload, topic) => clientFrame(`["1",null,"${topic}","shout",${payload}]`),
  echo: (payload, topic) => clientFrame(`["1","3","${topic}","echo",${payload}]`),
};

/** A bare server: every message goes to everyone, one that begins with E to its sender. */
export const raw: Protocol = {
  path: '/',
  rooms: false,
  join: async () => undefined,
  leave: async () => undefined,
  shout: (payload) => clientFrame(payload),
  echo: (payload) => clientFrame(`E${payload}`),
};

export const socketio: Protocol = {
  path: '/socket.io/?EIO=4&transport=websocket',
  rooms: true,
  async join(client, topic) {
    await ask(client, '40', (text) => text.startsWith('40'));
    await ask(client, `420["join","${topic}"]`, (text) => text.startsWith('430'));
  },
  leave: (client, topic) => ask(client, `421["leave","${topic}"]`, (text) => text.startsWith('431')),
  shout: (payload) => clientFrame(`42["shout",${payload}]`),
  echo: (payload) => clientFrame(`422["echo",${payload}]`),
};

async function ask(client: Client, text: string, answer: (text: string) => boolean): Promise<void> {
  const answered = client.frame(answer);
  client.send(clientFrame(text));
  await answered;
}
