import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ConsumeMessage, Replies } from 'amqplib';
import { within } from './connection.ts';
import { KEPT, LANES, routingKey, type Names } from './names.ts';

const DRAINED_AT_ONCE = 100;
const LOOK_EVERY_MS = 20;
const ANSWER_TIMEOUT_MS = 5_000;

/** The exchanges that every connection needs. What is there already stays as it is. */
export async function declareExchanges(channel: Channel, names: Names): Promise<void> {
  await channel.assertExchange(names.unrouted, 'topic', { durable: true });
  await channel.assertExchange(names.events, 'topic', { durable: true, alternateExchange: names.unrouted });
  await channel.assertExchange(names.bells, 'topic', { durable: true });
}

export async function declareLanes(channel: Channel, names: Names, group: string): Promise<void> {
  for (let lane = 0; lane < LANES; lane++) await channel.assertQueue(names.lane(group, lane), KEPT);
}

/** From now on the group gets what is published of these types. Types are only ever added, as older consumers may still run. */
export async function bindLanes(channel: Channel, names: Names, group: string, types: readonly string[]): Promise<void> {
  for (const type of types) {
    for (let lane = 0; lane < LANES; lane++) await channel.bindQueue(names.lane(group, lane), names.events, routingKey(lane, type));
  }
}

/** What RabbitMQ counts of a queue; undefined, and the end of the channel, when it is not there. */
export async function look(channel: Channel, queue: string): Promise<Replies.AssertQueue | undefined> {
  try {
    return await within(ANSWER_TIMEOUT_MS, channel.checkQueue(queue));
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}

/** Hands all messages of a queue to `handle`, in order, and forgets each when that resolves. @throws what `handle` throws */
export async function drain(channel: Channel, queue: string, handle: (message: ConsumeMessage) => Promise<void>): Promise<void> {
  if (!(await look(channel, queue))?.messageCount) return;
  const begun = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  await channel.prefetch(DRAINED_AT_ONCE);
  await channel.consume(queue, (message) => {
    if (message === null || failure !== undefined) return;
    const done = handle(message)
      .then(() => channel.ack(message))
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => begun.delete(done));
    begun.add(done);
  });
  do {
    await delay(LOOK_EVERY_MS);
  } while (failure === undefined && ((await look(channel, queue))?.messageCount !== 0 || begun.size > 0));
  await Promise.all(begun);
  if (failure !== undefined) throw failure.error;
}
