import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { Endpoint } from '../../src/engine/index.ts';

export interface EngineUnderTest {
  endpoint: Endpoint;
  server: Server;
  port: number;
  url: string;
  crashes: { where: string; thrown: unknown }[];
  /** Ends as a killed process does: every connection is cut without a word. */
  kill(): Promise<void>;
}

/** An endpoint behind a real HTTP server on a free port (or one that a killed engine had); ends with the test. */
export async function startEngine(
  options: ConstructorParameters<typeof Endpoint>[0],
  { port = 0, http = {} }: { port?: number; http?: ServerOptions } = {},
): Promise<EngineUnderTest> {
  const crashes: EngineUnderTest['crashes'] = [];
  const endpoint = new Endpoint({ onCrash: (where, thrown) => crashes.push({ where, thrown }), ...options });
  const server = createServer(http, (request, response) => {
    if (!endpoint.handleRequest(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (endpoint.handleUpgrade(request, socket, head)) return;
    socket.on('error', () => socket.destroy()).end('HTTP/1.1 404 Not Found\r\n\r\n', () => socket.destroy());
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const kill = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(async () => {
    await endpoint.drain();
    await kill();
  });
  const address = server.address() as AddressInfo;
  return { endpoint, server, crashes, port: address.port, url: `ws://127.0.0.1:${address.port}`, kill };
}

/** A WebSocket that speaks frames: what came is kept until a test takes it, in order. */
export class RawClient {
  readonly ws: WebSocket;
  readonly #frames: unknown[] = [];
  readonly #takers: ((frame: unknown) => void)[] = [];
  readonly closed: Promise<number>;

  constructor(url: string, protocols: string[] = [], { compress = false } = {}) {
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: compress });
    this.ws.on('message', (data: Buffer, binary) => this.#arrived(binary ? data : JSON.parse(data.toString())));
    this.ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.ws.on('close', resolve));
    onTestFinished(() => this.ws.terminate());
  }

  static async open(url: string, protocols?: string[], options?: { compress?: boolean }): Promise<RawClient> {
    const client = new RawClient(url, protocols, options);
    await new Promise((resolve, reject) => client.ws.once('open', resolve).once('error', reject));
    return client;
  }

  send(...frames: unknown[]): void {
    for (const frame of frames) this.ws.send(Buffer.isBuffer(frame) ? frame : typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame. */
  next(): Promise<unknown> {
    return this.#frames.length > 0 ? Promise.resolve(this.#frames.shift()) : new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The frames up to the answer of a heartbeat that is sent now: all that the server had to say. */
  async drain(): Promise<unknown[]> {
    this.send([null, 'drain', 'phoenix', 'heartbeat', {}]);
    const frames: unknown[] = [];
    for (;;) {
      const frame = await this.next();
      if (Array.isArray(frame) && frame[1] === 'drain') return frames;
      frames.push(frame);
    }
  }

  #arrived(frame: unknown): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#frames.push(frame);
    else taker(frame);
  }
}

/** The HTTP status of a refused upgrade. */
export function refusedStatus(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url);
    ws.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      ws.terminate();
    });
    ws.on('open', () => reject(new Error('the upgrade was accepted')));
    ws.on('error', () => undefined);
  });
}
