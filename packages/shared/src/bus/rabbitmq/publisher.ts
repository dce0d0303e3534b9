import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { AppError, type Log } from '../../kernel/index.ts';
import { unavailable } from '../unavailable.ts';
import { keepConnected, openConfirmChannel, within, type Connection, type Link } from './connection.ts';
import { KEPT_A_WHILE, laneIn, routingKey, type Names } from './names.ts';
import { declareExchanges, drain, look } from './topology.ts';

const HEARTBEAT_S = 5;
/** Publishes that may wait for the broker, and how long. */
const MAX_WAITING = 1_000;
const WAIT_MS = 5_000;
/** A question that cannot be asked soon is not worth the wait. */
const ASK_WAIT_MS = 2_000;
/** Header with the group for which alone an event is. */
export const ONLY_FOR = 'only-for';

const NOTHING = Buffer.alloc(0);

export interface Message {
  /** The event's. */
  id: string;
  type: string;
  lane: number;
  body: Buffer;
  /** The one group that is to get it. */
  group?: string | undefined;
  headers?: Record<string, string>;
}

export interface Publisher {
  /**
   * Resolves when the broker has the message on the disks of most of its nodes.
   * @throws AppError `unavailable` after 5 s, `overloaded` at once when 1,000 wait, `not_found` for a group that is not there
   */
  publish(message: Message): Promise<void>;
  /** Gives a group what was published of these types while no group took them. @throws AppError `unavailable` */
  moveWaiting(group: string, types: readonly string[]): Promise<void>;
  /** Puts a transient message in each of the queues; returns those that are not there. @throws AppError `unavailable` */
  knock(queues: readonly string[], body: Buffer): Promise<string[]>;
  /** Events in these lanes, those in hand of a consumer included; 0 when one is not there. @throws AppError `unavailable` */
  count(lanes: readonly string[]): Promise<number>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

interface Session {
  connection: Connection;
  send(message: Message): Promise<void>;
}

/** All that this process publishes goes over one connection: only that one is blocked while the broker has no room. */
export function openPublisher({ url, names, log }: { url: string; names: Names; log: Log }): Publisher {
  const link: Link<Session> = keepConnected({
    url,
    name: `${names.events} publisher`,
    heartbeatS: HEARTBEAT_S,
    log,
    open: (connection) => openSession(connection, names),
  });
  let waiting = 0;

  async function publish(message: Message): Promise<void> {
    if (waiting >= MAX_WAITING) throw new AppError('overloaded', { service: 'bus' });
    waiting += 1;
    try {
      await within(WAIT_MS, sendUntilConfirmed(message, performance.now() + WAIT_MS));
    } finally {
      waiting -= 1;
    }
  }

  /** What a lost connection leaves in doubt is sent again: better twice than never. */
  async function sendUntilConfirmed(message: Message, deadline: number): Promise<void> {
    for (;;) {
      const { connection, send } = await link.session(Math.max(0, deadline - performance.now()));
      try {
        return await send(message);
      } catch (error) {
        if (error instanceof AppError) throw error;
        if (!connection.signal.aborted) throw unavailable(error);
      }
    }
  }

  /** Asks on a channel of its own, as some answers are its end. */
  async function ask<T>(question: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const { connection } = await link.session(ASK_WAIT_MS);
    let channel: ConfirmChannel | undefined;
    try {
      channel = await connection.model.createConfirmChannel();
      channel.on('error', () => undefined); // The question fails with it.
      return await question(channel);
    } catch (error) {
      throw error instanceof AppError ? error : unavailable(error);
    } finally {
      await channel?.close().catch(() => undefined); // It has ended already.
    }
  }

  return {
    publish,
    async moveWaiting(group, types) {
      const toGroup = ({ fields, properties, content }: ConsumeMessage, type: string): Promise<void> =>
        publish({ id: String(properties.messageId), type, lane: laneIn(fields.routingKey), body: content, group });
      for (const type of types) await ask((channel) => drain(channel, names.waiting(type), (message) => toGroup(message, type)));
    },
    knock: (queues, body) =>
      within(
        WAIT_MS,
        ask(async (channel) => {
          const absent: string[] = [];
          channel.on('return', ({ fields }) => absent.push(fields.routingKey));
          for (const queue of queues) channel.publish('', queue, body, { mandatory: true });
          await channel.waitForConfirms();
          return absent;
        }),
      ),
    count: (queues) =>
      within(
        WAIT_MS,
        ask(async (channel) => {
          let events = 0;
          for (const queue of queues) {
            const counted = await look(channel, queue);
            if (counted === undefined) return 0;
            // Who has a message of a lane in hand counts as its consumer; lanes have no others.
            events += counted.messageCount + counted.consumerCount;
          }
          return events;
        }),
      ),
    ready: () => link.ping(WAIT_MS),
    close: () => link.close(),
  };
}

async function openSession(connection: Connection, names: Names): Promise<Session> {
  const channel = await openConfirmChannel(connection);
  await declareExchanges(channel, names);
  const returned = new Set<unknown>();
  channel.on('return', ({ properties }) => returned.add(properties.messageId));
  const types = new Map<string, Promise<void>>();

  /** So that nothing of a type is lost while no group takes it. */
  async function declareWaiting(type: string): Promise<void> {
    await channel.assertQueue(names.waiting(type), KEPT_A_WHILE);
    await channel.bindQueue(names.waiting(type), names.unrouted, `*.${type}`);
  }

  async function send({ id, type, lane, body, group, headers = {} }: Message): Promise<void> {
    const key = routingKey(lane, type);
    if (group === undefined) {
      const declared = types.get(type) ?? declareWaiting(type);
      types.set(type, declared);
      await declared;
    }
    const [exchange, target] = group === undefined ? [names.events, key] : ['', names.lane(group, lane)];
    const properties = { messageId: id, type, contentType: 'application/json', persistent: true, mandatory: true, headers };
    await new Promise<void>((resolve, reject) => {
      channel.publish(exchange, target, body, properties, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
    // What no queue takes is returned before it is confirmed.
    if (returned.delete(id)) throw group === undefined ? unavailable() : new AppError('not_found', { group });
    const [bells, bell] = group === undefined ? [names.bells, key] : ['', names.owner(group, lane)];
    if (!connection.signal.aborted) channel.publish(bells, bell, NOTHING);
  }

  return { connection, send };
}
