import { fullJitter, withDeadline, type Log } from '@armoricore/shared/kernel';
import { Redis, type RedisOptions } from 'ioredis';
import { untilUp, type OpenLink } from './cluster.ts';

const RECONNECT = { baseMs: 100, maxMs: 2_000 };
const MOST_BYTES = 4 * 1024 * 1024;
const ANSWER_MS = 5_000;
/** How often it is looked whether the subscriber's connection is alive, on which nothing may come for long, in ms. */
const PING_MS = 5_000;

/** What is down fails at once: nothing waits in the client. */
const OPTIONS: RedisOptions = {
  connectTimeout: ANSWER_MS,
  socketTimeout: ANSWER_MS, // While an answer is owed.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (tries) => fullJitter(RECONNECT, tries),
};

/** By PUBLISH, on a channel that nodes of one namespace share. */
export function redisLink(url: string, namespace: string, log: Log): OpenLink {
  return (receive) => {
    const channel = `${namespace}:pubsub`;
    const connect = (name: string): Redis => {
      const client = new Redis(url, { ...OPTIONS, connectionName: name, replyMapping: 'legacy' });
      client.on('error', (error: Error) => log.debug({ connection: name, reason: error.message }, 'Redis connection error'));
      return client;
    };
    const publisher = connect('armoricore-publisher');
    const subscriber = connect('armoricore-subscriber');
    let subscribed = false;
    subscriber.on('message', (_channel, packet) => receive(packet));
    subscriber.on('close', () => (subscribed = false));
    subscriber.on('ready', () => {
      subscriber.subscribe(channel).then(
        () => (subscribed = true),
        (error: Error) => log.warn({ reason: error.message }, 'Redis refuses to be listened to'),
      );
    });
    const pings = setInterval(() => {
      // Its error is that of the connection, which comes back by itself.
      if (subscribed) subscriber.ping().catch(() => undefined);
    }, PING_MS).unref();
    return {
      maxBytes: MOST_BYTES,
      async send(packets) {
        await withDeadline(Promise.all(packets.map((packet) => publisher.publish(channel, packet))), ANSWER_MS, 'Redis does not answer');
      },
      async ready() {
        await untilUp(() => subscribed && publisher.status === 'ready', 'the Redis of PubSub');
      },
      async close() {
        clearInterval(pings);
        subscriber.disconnect();
        publisher.disconnect();
      },
    };
  };
}
