import type { BrokerOptions } from './index.ts';
import { encodeEvent } from './encode.ts';
import { createIntake } from './intake.ts';
import type { Bus, Subscription } from './port.ts';
import { consumeGroup } from './rabbitmq/group.ts';
import { takeInbound } from './rabbitmq/inbound.ts';
import { laneOf, LANES, namesIn } from './rabbitmq/names.ts';
import { ONLY_FOR, openPublisher } from './rabbitmq/publisher.ts';
import { completeSubscription } from './subscription.ts';
import { unavailable } from './unavailable.ts';

/**
 * The bus in RabbitMQ, 3.10 or later. The events of a group lie in `LANES` quorum queues, spread by their keys; each has one
 * owner among the group's consumers, which takes from it one event at a time: so the order of each key is kept.
 * It cannot tell duplicates: that is for `outbox`, over which everything comes here, what other systems send as well.
 */
export function openRabbitBus({ url, namespace, bury, log, observe }: BrokerOptions, outbox: Bus): Bus {
  const names = namesIn(namespace);
  const publisher = openPublisher({ url, names, log });
  const inbound = takeInbound({ url, names, log, intake: createIntake({ bus: outbox, bury, log }) });
  const consumers = new Set<Subscription>();
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await Promise.all([...consumers].map((consumer) => consumer.stop()));
    await inbound.close();
    await publisher.close();
  }

  return {
    transactional: false,

    async publish(event, { transaction, group } = {}) {
      if (transaction !== undefined) throw new TypeError('RabbitMQ takes no part in transactions');
      const { id, type, key, json } = encodeEvent(event);
      const headers = group === undefined ? {} : { [ONLY_FOR]: group };
      await publisher.publish({ id, type, lane: laneOf(key), body: Buffer.from(json), group, headers });
      observe?.({ type, outcome: 'published' });
      return { duplicate: false };
    },

    async subscribe(subscription) {
      const complete = completeSubscription(subscription);
      if (closed !== undefined) throw unavailable(undefined, 'The bus is closed.');
      const consumer = await consumeGroup(complete, { url, names, publisher, bury, log, observe });
      consumers.add(consumer);
      return {
        async stop() {
          await consumer.stop();
          consumers.delete(consumer);
        },
      };
    },

    async backlog(group) {
      return publisher.count(Array.from({ length: LANES }, (_, lane) => names.lane(group, lane)));
    },

    ready: () => publisher.ready(),
    close: () => (closed ??= close()),
  };
}
