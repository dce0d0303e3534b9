import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel, GetMessage } from 'amqplib';
import { laneWord, OWNED, type Names } from './names.ts';

/** How often a new owner looks whether what the last one had in hand is back in the queue, and how long it waits for that. */
const LOOK_EVERY_MS = 20;
const SETTLE_TIMEOUT_MS = 5_000;
/** RabbitMQ's answer to who wants what another connection has for itself. */
const RESOURCE_LOCKED = 405;

export interface LaneListener {
  /** There may be an event to take. */
  onWork(): void;
  /** Another process asks for a lane. */
  onKnock(lane: Lane, body: Buffer): void;
  /** No longer ours; what was in hand is given to another. */
  onGone(lane: Lane): void;
}

/** A lane of a group that this process owns: no other takes events from it, and it takes one at a time. */
export interface Lane {
  readonly index: number;
  /** When an event was last taken, of performance.now. */
  readonly takenAt: number;
  /** Whether there may be an event that may be taken now. */
  hasWork(): boolean;
  /** The next event; undefined when there is none after all. It is in hand until `finish`. */
  take(): Promise<GetMessage | undefined>;
  /**
   * - `acknowledge`: it is done with.
   * - `retry`: it comes again, as one more try.
   * - `release`: it comes again; only from RabbitMQ 4.3 on not as one more try.
   */
  finish(how: 'acknowledge' | 'retry' | 'release'): void;
  /** Looks whether there is work that no bell told of. */
  look(): Promise<void>;
  /** Gives the lane up, as soon as nothing is in hand. */
  leave(): void;
  readonly isLeaving: boolean;
  /** Resolves when the lane is no longer ours. */
  readonly gone: Promise<void>;
}

interface Place {
  model: ChannelModel;
  names: Names;
  group: string;
  index: number;
  takes(type: string): boolean;
}

/**
 * Takes ownership of a lane: by a queue that only one connection can have, and that ends with it. The bells of the lane
 * ring there. Undefined when another owns it.
 */
export async function ownLane({ model, names, group, index, takes }: Place, listener: LaneListener): Promise<Lane | undefined> {
  const channel = await model.createChannel();
  const gone = Promise.withResolvers<void>();
  channel.on('error', () => undefined); // `close` follows.
  channel.on('close', () => gone.resolve());

  const queue = names.lane(group, index);
  const owner = names.owner(group, index);
  let hand: GetMessage | 'reaching' | undefined;
  let mayHaveWork = true;
  let isSettled = false;
  let isGone = false;
  let isLeaving = false;
  let takenAt = 0;

  function ring(): void {
    mayHaveWork = true;
    listener.onWork();
  }

  /**
   * The ownership of one that died ends a moment before its event is back; a later one would overtake it. RabbitMQ counts
   * whoever has a message of a queue in hand as its consumer.
   */
  async function settle(): Promise<void> {
    for (const begun = performance.now(); performance.now() - begun < SETTLE_TIMEOUT_MS; await delay(LOOK_EVERY_MS)) {
      if ((await channel.checkQueue(queue)).consumerCount === 0) break;
    }
    isSettled = true;
    ring();
  }

  function leaveIfIdle(): void {
    if (isLeaving && hand === undefined && !isGone) void giveUp();
  }

  async function giveUp(): Promise<void> {
    isGone = true;
    try {
      await channel.deleteQueue(owner);
      await channel.close();
    } catch {
      // The connection was lost, and the ownership with it.
    }
  }

  const lane: Lane = {
    index,
    gone: gone.promise,
    get takenAt() {
      return takenAt;
    },
    get isLeaving() {
      return isLeaving;
    },
    hasWork: () => mayHaveWork && hand === undefined && isSettled && !isLeaving && !isGone,
    async take() {
      hand = 'reaching';
      mayHaveWork = false;
      takenAt = performance.now();
      try {
        const message = await channel.get(queue);
        hand = message === false ? undefined : message;
      } catch {
        hand = undefined; // The channel has ended, so the lane is gone.
      }
      leaveIfIdle();
      return hand;
    },
    finish(how) {
      if (hand === undefined || hand === 'reaching' || isGone) return;
      try {
        if (how === 'acknowledge') channel.ack(hand);
        else if (how === 'retry') channel.reject(hand, true);
        else channel.nack(hand, false, true);
      } catch {
        return; // The channel has ended; what was in hand is given to another.
      }
      hand = undefined;
      leaveIfIdle();
      ring();
    },
    async look() {
      if (mayHaveWork || hand !== undefined || isGone) return;
      if ((await channel.checkQueue(queue)).messageCount > 0) ring();
    },
    leave() {
      isLeaving = true;
      leaveIfIdle();
    },
  };

  try {
    await channel.assertQueue(owner, OWNED);
    await channel.bindQueue(owner, names.bells, `${laneWord(index)}.#`);
    const onMessage = (message: { content: Buffer; fields: { exchange: string; routingKey: string } } | null): void => {
      if (message === null) void channel.close().catch(() => undefined); // Somebody deleted the queue, and with it the ownership.
      else if (message.content.length > 0) listener.onKnock(lane, message.content);
      else if (message.fields.exchange === '' || takes(message.fields.routingKey.slice(laneWord(index).length + 1))) ring();
    };
    await channel.consume(owner, onMessage, { noAck: true });
  } catch (error) {
    await channel.close().catch(() => undefined); // It has ended already.
    if ((error as { code?: number }).code === RESOURCE_LOCKED) return undefined;
    throw error;
  }
  settle().catch(() => undefined); // The channel has ended, so the lane is gone.
  void gone.promise.then(() => {
    isGone = true;
    listener.onGone(lane);
  });
  return lane;
}
