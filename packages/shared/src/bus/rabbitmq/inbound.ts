import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import { EVENT_SOURCES } from '../../events/index.ts';
import { describeError, fullJitter, type Log } from '../../kernel/index.ts';
import type { InboundMessage } from '../intake.ts';
import { keepConnected, openChannel, type Connection } from './connection.ts';
import { KEPT_FOR_ONE, type Names } from './names.ts';

const HEARTBEAT_S = 5;
/** Between tries to take a message in while the database is away. */
const BACKOFF = { baseMs: 100, maxMs: 5_000 };
/** More of a message is not looked at. The broker's `max_message_size` decides what reaches us at all. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface InboundOptions {
  url: string;
  names: Names;
  log: Log;
  intake(message: InboundMessage): Promise<void>;
}

/**
 * Takes in what other systems publish: of each source one message after the other, in one process at a time, and each
 * until it is taken in.
 */
export function takeInbound({ url, names, log, intake }: InboundOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const work = new Set<Promise<void>>();
  const link = keepConnected({ url, name: names.inbound, heartbeatS: HEARTBEAT_S, log, open });

  async function open(connection: Connection): Promise<void> {
    const channel = await openChannel(connection);
    const signal = AbortSignal.any([connection.signal, closing.signal]);
    await channel.assertExchange(names.inbound, 'topic', { durable: true });
    await channel.prefetch(1);
    for (const source of EVENT_SOURCES) {
      const queue = names.inboundOf(source);
      await channel.assertQueue(queue, KEPT_FOR_ONE);
      await channel.bindQueue(queue, names.inbound, `${source}.#`);
      await channel.consume(queue, (message) => {
        if (message === null) return connection.fail(new Error(`the queue ${queue} was deleted`));
        if (closing.signal.aborted) return; // Comes again, at the next consumer.
        const done = takeIn(source, message, signal)
          .then((isIn) => {
            if (isIn && !connection.signal.aborted) channel.ack(message);
          })
          .finally(() => work.delete(done));
        work.add(done);
      });
    }
  }

  /** False when the end came first. */
  async function takeIn(source: string, { content }: ConsumeMessage, signal: AbortSignal): Promise<boolean> {
    // Of two messages with the same bytes one dead letter is enough.
    const id = createHash('sha256').update(content).digest('hex');
    const body = content.subarray(0, MAX_BYTES);
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await intake({ id, source, body });
        return true;
      } catch (error) {
        if (failures === 1) log.warn({ source, reason: describeError(error) }, 'a message of another system waits to be taken in');
        // Rejects when it is time to end, and only then.
        await delay(fullJitter(BACKOFF, failures), undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  return {
    async close() {
      closing.abort();
      await Promise.all(work);
      await link.close();
    },
  };
}
