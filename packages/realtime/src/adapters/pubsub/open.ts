import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import { createClusterPubSub, type ClusterPubSub, type OpenLink } from './cluster.ts';

export interface PubSubOptions {
  /** `postgres://`, `redis://` or `nats://`. */
  url: string;
  /** Keeps installations apart that share a broker. */
  namespace: string;
  log: Log;
}

/** PubSub between the nodes, over what the URL names. An adapter is loaded only when it is the one. */
export async function openPubSub(options: PubSubOptions): Promise<ClusterPubSub> {
  return createClusterPubSub(await linkFor(options), options);
}

async function linkFor({ url, namespace, log }: PubSubOptions): Promise<OpenLink> {
  switch (new URL(url).protocol) {
    case 'redis:':
    case 'rediss:':
      return (await import('./redis.ts')).redisLink(url, namespace, log);
    case 'nats:':
    case 'tls:':
      return (await import('./nats.ts')).natsLink(url, namespace, log);
    default:
      return (await import('./postgres.ts')).postgresLink(url, log);
  }
}

/** A node starts without the others, too: it serves its own clients, and finds the others when it can. */
export function pubsubService(pubsub: ClusterPubSub, log: Log): Service {
  return {
    name: 'pubsub',
    start: () => pubsub.ready().catch((error: unknown) => log.warn({ reason: describeError(error) }, 'this node starts alone')),
    ready: () => pubsub.ready(),
    stop: () => pubsub.close(),
  };
}
