import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * The port itself when nothing listens on it, any free one for 0.
 * @throws an Error with `code` EADDRINUSE, EACCES or EADDRNOTAVAIL, as listen() gives it.
 */
export async function freePort(port: number, host: string): Promise<number> {
  const server = createServer().listen({ port, host, exclusive: true });
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}
