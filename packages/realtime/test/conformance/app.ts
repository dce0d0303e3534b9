/** The application that the recordings of real Phoenix were made with, on this engine: `npm run -s conformance:app -- --port N`. */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Endpoint, mount, Refusal, type ConnectInfo, type SocketHandler } from '../../src/engine/index.ts';
import { confChannel, slowChannel, type ConfIdentity } from './conf-channel.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '4000' } } });

function connect(info: ConnectInfo): { identity: ConfIdentity; id?: string } {
  const { params, transport, headers } = info;
  if (params['token'] === 'bad') throw new Refusal('refused');
  if (params['token'] === 'bad_reason') throw new Refusal('unauthorized');
  if (params['token'] === 'raise') throw new Error('connect raised');
  const xHeaders = Object.entries(headers).filter(([name]) => name.startsWith('x-'));
  const identity: ConfIdentity = {
    params,
    transport,
    id: null,
    info: {
      user_agent: headers['user-agent'] ?? null,
      x_headers: Object.fromEntries(xHeaders),
      path: info.path,
      query: info.query,
      scheme: 'http',
      address: info.remoteAddress?.replace('::ffff:', '') ?? null,
      auth_token: info.authToken,
    },
  };
  return typeof params['uid'] === 'string' ? { identity, id: `conf_socket:${params['uid']}` } : { identity };
}

const conf = confChannel('conf:*', () => endpoint);
const exact = confChannel('exact', () => endpoint);
const socket: SocketHandler<ConfIdentity> = { connect, channels: [conf, exact, slowChannel] };

const endpoint: Endpoint = new Endpoint({
  mounts: [
    mount('/socket', socket),
    mount('/socket-auth', socket, { authToken: true }),
    mount('/socket-sub', socket, { subprotocols: ['conf.v1', 'conf.v2'] }),
    mount('/socket-z', socket, { compress: true }),
    mount('/socket-fast', socket, { idleTimeoutMs: 1_000, longpollWindowMs: 400, longpollTokenTtlMs: 3_000 }),
    mount('/socket-small', socket, { maxFrameBytes: 5_000 }),
    mount('/socket-origin', socket, { origins: ['//example.com'] }),
    mount('/socket-few', { connect, channels: [conf] }, { maxChannels: 2 }),
    mount('/tenant/:tenant/socket', socket),
    mount('/socket-custom', socket, {
      websocketPath: 'ws',
      longpollPath: 'lp',
      onRefused: ({ code }) => (code === 'unauthorized' ? { status: 401, body: 'unauthorized' } : { status: 403, body: '' }),
    }),
  ],
  onCrash: () => undefined, // Crashing is what the scenarios are about.
});

const server = createServer((request, response) => {
  if (!endpoint.handleRequest(request, response)) response.writeHead(404).end('not found');
});
server.on('upgrade', (request, tcp, head) => {
  if (endpoint.handleUpgrade(request, tcp, head)) return;
  tcp.on('error', () => tcp.destroy());
  tcp.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', () => tcp.destroy());
});
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`conformance application on ${typeof address === 'object' ? address?.port : address}\n`);
});
process.once('SIGTERM', () => {
  void endpoint.drain().then(() => process.exit(0));
});
