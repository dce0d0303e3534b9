import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SocketInfo } from './channel.ts';
import { CLOSE, Connection, type ConnectionOptions } from './connection.ts';
import { Fastlane } from './fastlane.ts';
import type { Payload } from './message.ts';
import { createLocalPubSub } from './pubsub/local.ts';
import type { PubSub } from './pubsub/port.ts';
import { refusalOf } from './refusal.ts';
import { serializerFor, type Serializer } from './serializer/serializer.ts';
import type { ConnectInfo, Mount } from './socket.ts';
import { connectInfo, routeWebSocket, splitUrl, type Route } from './transport/handshake.ts';
import { WebSocketUpgrader, type WebSocketTransport } from './transport/websocket.ts';

export interface EndpointOptions {
  mounts: readonly Mount[];
  /** Default: this process only. */
  pubsub?: PubSub;
  /** Told of every crash in a handler; default: printed to standard error. */
  onCrash?: (where: string, thrown: unknown) => void;
}

interface OpenSocket {
  transport: WebSocketTransport;
  idleTimeoutMs: number;
  expiresAt: number;
}

/** How often idle and expired connections are looked for, at least, in ms. */
const SWEEP_MS = 5_000;

/** The door of a node: WebSockets in, broadcasts out. It owns no HTTP server: hand it requests and upgrades. */
export class Endpoint {
  readonly #mounts: readonly Mount[];
  readonly #pubsub: PubSub;
  readonly #fastlane: Fastlane;
  readonly #onCrash: (where: string, thrown: unknown) => void;
  readonly #upgraders = new Map<Mount, WebSocketUpgrader>();
  readonly #open = new Map<Connection, OpenSocket>();
  readonly #sweep: NodeJS.Timeout;
  #draining = false;

  constructor({ mounts, pubsub = createLocalPubSub(), onCrash = (where, thrown) => console.error(where, thrown) }: EndpointOptions) {
    this.#mounts = mounts;
    this.#pubsub = pubsub;
    this.#fastlane = new Fastlane(pubsub);
    this.#onCrash = onCrash;
    for (const mount of mounts) this.#upgraders.set(mount, new WebSocketUpgrader(mount));
    const shortest = Math.min(...mounts.map((mount) => mount.idleTimeoutMs ?? 60_000));
    this.#sweep = setInterval(() => this.#sweepConnections(), Math.min(SWEEP_MS, shortest / 4)).unref();
  }

  /** Sends to every subscriber of a topic on every node. */
  broadcast(topic: string, event: string, payload: Payload): void {
    this.#pubsub.publish({ topic, event, payload });
  }

  /** Closes every connection with this socket id, on every node; phoenix.js reconnects (1001) unless it is refused then. */
  disconnect(id: string): void {
    this.broadcast(id, 'disconnect', {});
  }

  /** Figures of this node. */
  stats(): { connections: number; channels: number } {
    let channels = 0;
    for (const connection of this.#open.keys()) channels += connection.size;
    return { connections: this.#open.size, channels };
  }

  /** Answers a plain HTTP request to a WebSocket path: 403 when refused, else 400. False when the path is another's. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const route = this.#route(request);
    if (route === null) return false;
    const answer = (status: number, body = ''): void => {
      response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
    };
    if (request.method !== 'GET') answer(400);
    else void this.#connect(request, route).then((outcome) => ('status' in outcome ? answer(outcome.status) : answer(400, 'this path takes WebSocket upgrades')));
    return true;
  }

  /** Takes an `upgrade` of an HTTP server. False when the path is another's: nothing was done then. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const route = this.#route(request);
    if (route === null) return false;
    // The client may go away while `connect` is under way.
    const onError = (): void => void socket.destroy();
    socket.on('error', onError);
    void this.#connect(request, route).then((outcome) => {
      socket.off('error', onError);
      if (socket.destroyed) return;
      if ('status' in outcome) refuseUpgrade(socket, outcome.status);
      else this.#upgraders.get(route.mount)?.upgrade(request, socket, head, (transport) => this.#openConnection(transport, route.mount, outcome));
    });
    return true;
  }

  /**
   * Closes all connections with 1012 (clients come back elsewhere) in batches of `batchSize` each `intervalMs`, so that they
   * do not come back all at once. New ones are refused with 503 meanwhile.
   */
  async drain({ batchSize = 1_000, intervalMs = 100 } = {}): Promise<void> {
    this.#draining = true;
    clearInterval(this.#sweep);
    const connections = [...this.#open.keys()];
    for (let start = 0; start < connections.length; start += batchSize) {
      if (start > 0) await new Promise((resolve) => setTimeout(resolve, intervalMs));
      for (const connection of connections.slice(start, start + batchSize)) connection.close(CLOSE.shutdown, 'shutdown');
    }
  }

  #route(request: IncomingMessage): Route | null {
    return routeWebSocket(this.#mounts, splitUrl(request.url ?? '/')[0]);
  }

  async #connect(request: IncomingMessage, route: Route): Promise<Accepted | { status: number }> {
    if (this.#draining) return { status: 503 };
    const info: ConnectInfo = connectInfo(request, route, 'websocket');
    const serializer = serializerFor(info.params['vsn']);
    try {
      const { identity, id = null, expiresAt = Infinity } = await route.mount.socket.connect(info);
      return serializer === null ? { status: 403 } : { serializer, socketInfo: { identity, id, transport: info.transport }, expiresAt };
    } catch (thrown) {
      if (refusalOf(thrown) !== null) return { status: 403 };
      this.#onCrash(`connect ${route.mount.path}`, thrown);
      return { status: 500 };
    }
  }

  #openConnection(transport: WebSocketTransport, mount: Mount, { serializer, socketInfo, expiresAt }: Accepted): Connection {
    const options: ConnectionOptions = {
      channels: mount.socket.channels,
      fastlane: this.#fastlane,
      pubsub: this.#pubsub,
      maxChannels: mount.maxChannels ?? 100,
      mailboxLimit: mount.mailboxLimit ?? 1_000,
      onCrash: this.#onCrash,
      onClosed: () => this.#open.delete(connection),
    };
    const connection: Connection = new Connection(transport, serializer, socketInfo, options);
    this.#open.set(connection, { transport, idleTimeoutMs: mount.idleTimeoutMs ?? 60_000, expiresAt });
    return connection;
  }

  #sweepConnections(): void {
    const now = performance.now();
    const date = Date.now();
    for (const [connection, { transport, idleTimeoutMs, expiresAt }] of this.#open) {
      if (date >= expiresAt) connection.close(CLOSE.expired, 'shutdown:expired');
      else if (now - transport.heardAt > idleTimeoutMs) connection.close(CLOSE.idle, 'shutdown:read_timeout');
    }
  }
}

interface Accepted {
  serializer: Serializer;
  socketInfo: SocketInfo<unknown>;
  expiresAt: number;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  const reason = { 403: 'Forbidden', 500: 'Internal Server Error', 503: 'Service Unavailable' }[status] ?? 'Bad Request';
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
