import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Begins to listen on a free port of 127.0.0.1, and returns it. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
