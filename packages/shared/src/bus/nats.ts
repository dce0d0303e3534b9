import { AppError } from '../kernel/index.ts';
import { startConsumer, type Consumer } from './consumer.ts';
import { encodeEvent } from './encode.ts';
import type { BrokerOptions } from './index.ts';
import { createIntake } from './intake.ts';
import { startInbound } from './nats/inbound.ts';
import { openLanes, type Lanes } from './nats/lanes.ts';
import { startLink } from './nats/link.ts';
import { natsNames } from './nats/names.ts';
import { createPublisher } from './nats/publish.ts';
import { createNatsStore } from './nats/store.ts';
import { ensureStreams, groupBacklog } from './nats/streams.ts';
import type { Bus } from './port.ts';
import { completeSubscription } from './subscription.ts';
import { unavailable } from './unavailable.ts';

/** How long `ready` and `backlog` wait for the connection, in ms. */
const CONNECT_MS = 2_000;

/**
 * The bus in NATS JetStream: the stream `<namespace>-events` is the log, cut by event key into lanes; a group is a durable
 * consumer for each lane that has one message out at a time. Other systems publish into the stream `<namespace>-in`.
 * Connects in the background.
 */
export async function openNatsBus({ url, namespace, bury, log, observe }: BrokerOptions): Promise<Bus> {
  const names = natsNames(namespace);
  const link = startLink(url, log);
  link.prepare(({ jsm }) => ensureStreams(jsm, names));
  const append = createPublisher(link, names);
  const inbound = startInbound({ link, names, log, take: createIntake({ bus: { publish }, bury, log }) });
  const stops = new Set<() => Promise<void>>();
  let closed: Promise<void> | undefined;

  async function publish(...[event, options = {}]: Parameters<Bus['publish']>): ReturnType<Bus['publish']> {
    if (options.transaction !== undefined) throw new TypeError('this bus takes no part in transactions');
    const published = await append(encodeEvent(event), options.group);
    if (!published.duplicate) observe?.({ type: event.event_type, outcome: 'published' });
    return published;
  }

  async function close(): Promise<void> {
    await Promise.all([inbound.stop(), ...[...stops].map((stop) => stop())]);
    await link.close();
  }

  return {
    transactional: false,
    publish,

    async subscribe(subscription) {
      const complete = completeSubscription(subscription);
      const { group, types, leaseMs } = complete;
      const lanes = await openLanes({ link, names, group, types, leaseMs, log }).catch((error: unknown) => {
        throw error instanceof AppError ? error : unavailable(error, 'The group cannot be made.');
      });
      const store = createNatsStore({ link, names, lanes, group, leaseMs, bury });
      const consumer = startConsumer(store, complete, { log, observe });
      lanes.onChange(consumer.wake);
      const stop = stopOnce(consumer, lanes, (reply) => link.tell(reply, '-NAK'));
      stops.add(stop);
      return { stop: () => stop().finally(() => stops.delete(stop)) };
    },

    async backlog(group) {
      const { jsm } = await link.within(CONNECT_MS);
      try {
        return await groupBacklog(jsm, names, group);
      } catch (error) {
        throw unavailable(error, 'The broker does not answer.');
      }
    },

    async ready() {
      await link.within(CONNECT_MS);
      await link.request('$JS.API.INFO');
    },

    close: () => (closed ??= close()),
  };
}

function stopOnce(consumer: Consumer, lanes: Lanes, giveBack: (reply: string) => void): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const left = await lanes.stop();
    for (const { reply } of left) giveBack(reply);
    await consumer.stop();
  };
  return () => (stopped ??= stop());
}
