import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { Endpoint, type EndpointOptions } from '../../src/engine/index.ts';

export interface EngineUnderTest {
  endpoint: Endpoint;
  server: Server;
  url: string;
  crashes: { where: string; thrown: unknown }[];
}

/** An endpoint behind a real HTTP server on a free port; ends with the test. */
export async function startEngine(options: EndpointOptions): Promise<EngineUnderTest> {
  const crashes: EngineUnderTest['crashes'] = [];
  const endpoint = new Endpoint({ onCrash: (where, thrown) => crashes.push({ where, thrown }), ...options });
  const server = createServer((request, response) => {
    if (!endpoint.handleRequest(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!endpoint.handleUpgrade(request, socket, head)) socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await endpoint.drain();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint, server, crashes, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A WebSocket that speaks frames: what came is kept until a test takes it, in order. */
export class RawClient {
  readonly ws: WebSocket;
  readonly #frames: unknown[] = [];
  readonly #takers: ((frame: unknown) => void)[] = [];
  readonly closed: Promise<number>;

  constructor(url: string, protocols: string[] = []) {
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: false });
    this.ws.on('message', (data: Buffer, binary) => this.#arrived(binary ? data : JSON.parse(data.toString())));
    this.ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.ws.on('close', resolve));
    onTestFinished(() => this.ws.terminate());
  }

  static async open(url: string, protocols?: string[]): Promise<RawClient> {
    const client = new RawClient(url, protocols);
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
