import { crc32 } from 'node:zlib';
import type { Options } from 'amqplib';

/**
 * The queues that the events of a group are spread over, by their keys: most events at once of a group, over all processes.
 * Never change it while events are in a broker: those of one key would lie in two lanes.
 */
export const LANES = 16;

const DAY_MS = 24 * 3600 * 1000;

/** What may be part of a name in the broker; dots separate words of routing keys, so the last part alone may have some. */
const PART = /^[a-z0-9][a-z0-9_.-]{0,127}$/;

export type Names = ReturnType<typeof namesIn>;

/** Everything the adapter makes in the broker, by name. */
export function namesIn(namespace: string) {
  const name = (...parts: string[]): string => {
    for (const part of [namespace, ...parts]) if (!PART.test(part)) throw new TypeError(`not good for a name in the broker: ${JSON.stringify(part)}`);
    return [namespace, ...parts].join('.');
  };
  return {
    /** Exchange of the events. */
    events: name('events'),
    /** Exchange of what no group takes, and the queue in which it waits for one that does. */
    unrouted: name('unrouted'),
    waiting: (type: string) => name('unrouted', type),
    /** Exchange of the empty messages that tell of an event in a lane. */
    bells: name('bells'),
    /** Queue with a part of a group's events. */
    lane: (group: string, lane: number) => name(group, laneWord(lane)),
    /** Queue of the one connection that may take events from a lane. */
    owner: (group: string, lane: number) => name(group, laneWord(lane), 'owner'),
    /** Exchange where other systems publish, and what came from one of them. */
    inbound: name('in'),
    inboundOf: (source: string) => name('in', source),
  };
}

export function laneOf(key: string): number {
  return crc32(key) % LANES;
}

export function laneWord(lane: number): string {
  return String(lane).padStart(2, '0');
}

/** `<lane>.<event type>` */
export function routingKey(lane: number, type: string): string {
  if (!PART.test(type)) throw new TypeError(`not good for a routing key: ${JSON.stringify(type)}`);
  return `${laneWord(lane)}.${type}`;
}

/** The lane in a routing key; the first one for a key that is none of ours. */
export function laneIn(key: string): number {
  const lane = Number(key.slice(0, key.indexOf('.')));
  return Number.isInteger(lane) && lane >= 0 && lane < LANES ? lane : 0;
}

/** A replicated queue that forgets nothing: RabbitMQ 4 would drop what comes back more than 20 times. */
export const KEPT: Options.AssertQueue = { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 } };

/** Takes turns: of all its consumers one gets messages, until it goes. */
export const KEPT_FOR_ONE: Options.AssertQueue = { durable: true, arguments: { ...(KEPT.arguments as object), 'x-single-active-consumer': true } };

/** For types that no group takes, maybe ever: the oldest go first. */
export const KEPT_A_WHILE: Options.AssertQueue = {
  durable: true,
  messageTtl: 7 * DAY_MS,
  maxLength: 10_000,
  arguments: { ...(KEPT.arguments as object), 'x-max-length-bytes': 64 * 1024 * 1024, 'x-overflow': 'drop-head' },
};

/** Ends with its connection; nothing in it is ever missed. */
export const OWNED: Options.AssertQueue = { exclusive: true, autoDelete: true, durable: false, maxLength: 1_000 };
