/**
 * The engine alone, for load generators: `npm run -s bench:server -- --port N [--reuse-port]` serves the topics `bench:*`.
 * With `--reuse-port` several of them share a port; each has its own topics.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { channelFor, defineChannel, Endpoint, mount, noReply } from '@armoricore/realtime/engine';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, 'reuse-port': { type: 'boolean', default: false } } });

const bench = channelFor<null>()(defineChannel({ topic: 'bench:*', in: { shout: {}, echo: {} } }), {
  on: {
    shout(payload, channel) {
      channel.broadcast('new_msg', payload as object);
      return noReply;
    },
    echo: (payload) => payload,
  },
});

const endpoint = new Endpoint({ mounts: [mount('/socket', { connect: () => ({ identity: null }), channels: [bench] })] });
const server = createServer((request, response) => {
  if (!endpoint.handleRequest(request, response)) response.writeHead(404).end();
});
server.on('upgrade', (request, socket, head) => {
  if (!endpoint.handleUpgrade(request, socket, head)) socket.destroy();
});
server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096, reusePort: values['reuse-port'] }, () => {
  process.stdout.write(`engine on 127.0.0.1:${(server.address() as AddressInfo).port} pid ${process.pid}\n`);
});
process.once('SIGTERM', () => {
  server.close();
  void endpoint.drain().then(() => process.exit(0));
});
