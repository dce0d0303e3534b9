import { connect } from 'amqplib';
import { EVENT_SOURCES, EVENT_TYPES } from '../../src/events/index.ts';
import { LANES, namesIn } from '../../src/bus/rabbitmq/names.ts';
import { makeBrokerHarness, type BrokerHarness } from './broker-harness.ts';

/** Groups of the tests, which are removed with the rest. */
const GROUPS = ['g', 'a', 'b', 'late'];

/** Leaves nothing in the broker, which other tests share. */
export async function makeRabbitHarness(url: string): Promise<BrokerHarness> {
  const harness = await makeBrokerHarness(url, ['stops-count']);
  return {
    ...harness,
    /** What no group may handle is found out on its way to the broker, by the relay of the outbox, once for all groups. */
    deadLetters: async (group) => [...(await harness.deadLetters(group)), ...(await harness.deadLetters('relay'))],
    async close() {
      await harness.close();
      await removeNamespace(url, harness.namespace);
    },
  };
}

export async function removeNamespace(url: string, namespace: string): Promise<void> {
  const names = namesIn(namespace);
  const connection = await connect(url, { noDelay: true });
  const lanes = GROUPS.flatMap((group) => Array.from({ length: LANES }, (_, lane) => names.lane(group, lane)));
  const queues = [...lanes, ...EVENT_TYPES.map(names.waiting), ...EVENT_SOURCES.map(names.inboundOf)];
  const removeEach = async (some: string[]): Promise<void> => {
    const channel = await connection.createChannel();
    for (const queue of some) await channel.deleteQueue(queue);
  };
  // A queue takes its time to go, so several go side by side.
  await Promise.all(Array.from({ length: LANES }, (_, i) => removeEach(queues.filter((__, at) => at % LANES === i))));
  const channel = await connection.createChannel();
  for (const exchange of [names.events, names.unrouted, names.bells, names.inbound]) await channel.deleteExchange(exchange);
  await connection.close();
}
