import { startService, type Service } from './process.ts';
import { HOST, serverPort } from './tcp.ts';

/** A private NATS with JetStream on files, so a restart keeps the streams. */
export function startNats(): Promise<Service> {
  return startService({
    name: 'nats',
    prepare: async (folder) => {
      const port = await serverPort();
      return { command: ['nats-server', '--addr', HOST, '--port', String(port), '--jetstream', '--store_dir', folder], port };
    },
    hello: { words: 'CONNECT {"verbose":false}\r\nPING\r\n', answer: /\r\nPONG\r\n/ },
    url: (port) => `nats://${HOST}:${port}`,
  });
}
