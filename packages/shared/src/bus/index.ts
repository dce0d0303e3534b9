import type { busConfig, ConfigOf } from '../config/index.ts';
import { migrateDatabase, openDatabase, type DatabaseHandle } from '../db/index.ts';
import type { Bury } from '../dead-letters/index.ts';
import type { Log } from '../kernel/index.ts';
import type { Observe } from './observe.ts';
import { withOutbox } from './outbox.ts';
import type { Bus } from './port.ts';

export type * from './port.ts';
export type { BusOccurrence, Observe } from './observe.ts';
export { consumerService } from './consumer-service.ts';
export { createInbox, handleOnce } from './inbox.ts';
export { createMemoryBroker, createMemoryBus, type MemoryBroker, type MemoryBus, type MemoryDeadLetter } from './memory.ts';

export type BusConfig = ConfigOf<{ bus: typeof busConfig }>['bus'];

export interface BusDependencies {
  /** The product's own. */
  database: DatabaseHandle;
  bury: Bury;
  log: Log;
  observe?: Observe | undefined;
}

/** What a broker's adapter is opened with. */
export interface BrokerOptions extends Omit<BusDependencies, 'database'> {
  url: string;
  /** Begins the names of all that is made in the broker. */
  namespace: string;
}

/** Connections of a bus that has a database of its own. */
const OWN_POOL = 4;

/**
 * The bus that the configuration names. Each can publish in a transaction of the product's database: the default bus lies
 * in it, the others have an outbox there. An adapter is loaded only when it is the one.
 */
export async function openBus({ BUS_URL, BUS_NAMESPACE }: BusConfig, dependencies: BusDependencies): Promise<Bus> {
  const { database, ...others } = dependencies;
  const { createPostgresBus } = await import('./postgres.ts');
  const home = database.pool.options.connectionString ?? '';
  if (BUS_URL === undefined || BUS_URL === home) return createPostgresBus({ database, connectionString: home, ...others });

  const outbox = createPostgresBus({ database, connectionString: home, ...others, observe: undefined, audience: 'relay' });
  try {
    const scheme = new URL(BUS_URL).protocol.slice(0, -1);
    const bus = await openBroker(scheme, { url: BUS_URL, namespace: BUS_NAMESPACE, ...others }, outbox);
    return await withOutbox(bus, { outbox, log: others.log, always: scheme.startsWith('amqp') });
  } catch (error) {
    await outbox.close();
    throw error;
  }
}

async function openBroker(scheme: string, options: BrokerOptions, outbox: Bus): Promise<Bus> {
  switch (scheme) {
    case 'redis':
    case 'rediss':
      return (await import('./redis.ts')).openRedisBus(options);
    case 'nats':
    case 'tls':
      return (await import('./nats.ts')).openNatsBus(options);
    case 'amqp':
    case 'amqps':
      return (await import('./rabbitmq.ts')).openRabbitBus(options, outbox);
    default:
      return openOtherDatabase(options);
  }
}

async function openOtherDatabase({ url, ...others }: BrokerOptions): Promise<Bus> {
  const { createPostgresBus } = await import('./postgres.ts');
  await migrateDatabase(url);
  const own = openDatabase(url, { max: OWN_POOL, log: others.log });
  const bus = createPostgresBus({ database: own, connectionString: url, ...others, transactional: false });
  return {
    ...bus,
    async close() {
      await bus.close();
      await own.stop();
    },
  };
}
