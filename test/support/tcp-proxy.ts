import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that a test can cut and mend. */
export interface TcpProxy {
  /** `url` with the proxy's host and port. */
  through(url: string): string;
  /** Cuts all connections and takes no more. */
  cut(): void;
  mend(): void;
  /** Holds back what is sent in both directions, as a frozen peer or a lost route does, until `thaw`. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** A proxy on a free port of the loopback address, to the host and port of `target`. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let mode: 'open' | 'cut' | 'frozen' = 'open';
  const server = createServer((client) => {
    if (mode === 'cut') return client.destroy();
    const upstream = connect({ host: hostname, port: Number(port) });
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket);
      socket.on('data', (chunk) => other.write(chunk));
      socket.on('end', () => other.end());
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      if (mode === 'frozen') socket.pause();
    }
    return undefined;
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  const setMode = (next: typeof mode, act: (socket: Socket) => void): void => {
    mode = next;
    sockets.forEach(act);
  };
  return {
    through(url) {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(own);
      return changed.href;
    },
    cut: () => setMode('cut', (socket) => socket.destroy()),
    mend: () => setMode('open', () => undefined),
    freeze: () => setMode('frozen', (socket) => socket.pause()),
    thaw: () => setMode('open', (socket) => socket.resume()),
    async close() {
      setMode('cut', (socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
