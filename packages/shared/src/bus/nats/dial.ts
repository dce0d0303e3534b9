import { connect as connectSocket } from 'node:net';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

const DEFAULT_PORT = 4222;
/** How long the broker may take to greet, and again to let us in, in ms. */
const DIAL_MS = 5_000;

/**
 * One connection, which is not made anew when it breaks: what waits for an answer then hears so at once, and nothing waits
 * in the client without bound.
 */
export async function dial(url: string, signal: AbortSignal): Promise<NatsConnection> {
  const { hostname, port, protocol, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  await greeted(host, Number(port || DEFAULT_PORT), signal);
  const options: NodeConnectionOptions = {
    servers: `${hostname}:${port || DEFAULT_PORT}`,
    name: 'armoricore',
    timeout: DIAL_MS,
    reconnect: false,
    noAsyncTraces: true,
    ...credentials(decodeURIComponent(username), decodeURIComponent(password)),
    ...(protocol === 'tls:' ? { tls: {} } : {}),
  };
  return connect(options);
}

/** A user alone is a token, as in every NATS URL. */
function credentials(user: string, pass: string): NodeConnectionOptions {
  if (user === '') return {};
  return pass === '' ? { token: user } : { user, pass };
}

/**
 * Resolves when a NATS server says its first words at this address. The client would leave the socket open after a try in
 * which nobody said anything, as behind a load balancer whose servers are all away.
 */
function greeted(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port });
    const refuse = (reason: string): void => void socket.destroy(new Error(reason));
    const stop = (): void => refuse('the bus closes');
    socket.setTimeout(DIAL_MS, () => refuse('nobody greets'));
    signal.addEventListener('abort', stop, { once: true });
    socket.once('data', (words) => {
      if (!words.toString('latin1').startsWith('INFO')) return refuse('this is no NATS server');
      resolve();
      socket.destroy();
      return undefined;
    });
    socket.once('end', () => refuse('hung up'));
    socket.once('error', reject);
    socket.once('close', () => signal.removeEventListener('abort', stop));
  });
}
