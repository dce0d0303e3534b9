import { once } from 'node:events';
import { Agent, createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What may go wrong with a request: the server says so, the connection ends before it was handled, or after, or within the answer. */
export type Fault = 500 | 503 | 'lost request' | 'lost answer' | 'cut answer';

export interface FaultyProxy {
  url: string;
  requests: number;
  faults: number;
  close(): Promise<void>;
}

/** An HTTP proxy to a server, in which a request has the fault that `choose` names for it; they are counted from 1. */
export async function startFaultyProxy(target: string, choose: (number: number, request: IncomingMessage) => Fault | undefined): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const proxy: FaultyProxy = { url: '', requests: 0, faults: 0, close };

  const server = createServer((request, response) => {
    proxy.requests += 1;
    const fault = choose(proxy.requests, request);
    if (fault !== undefined) proxy.faults += 1;
    handle(request, response, fault).catch(() => response.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    if (fault === 'lost request') return void request.socket.destroy();
    if (typeof fault === 'number') {
      request.resume();
      await once(request, 'end');
      return void response.writeHead(fault, { 'content-type': 'application/xml' }).end('<Error><Code>Fault</Code><Message>made by the test</Message></Error>');
    }
    const { method, url, headers } = request;
    const outgoing = forward({ hostname, port, method, path: url, headers, agent });
    const [[answer]] = (await Promise.all([once(outgoing, 'response'), pipeline(request, outgoing)])) as [[IncomingMessage], void];
    if (fault === 'lost answer') {
      answer.resume();
      await once(answer, 'end');
      return void request.socket.destroy();
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    if (fault !== 'cut answer') return pipeline(answer, response);
    const [first] = (await once(answer, 'data')) as [Buffer];
    response.write(first.subarray(0, Math.ceil(first.length / 2)), () => request.socket.destroy());
    answer.destroy();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;

  async function close(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    agent.destroy();
  }
}
