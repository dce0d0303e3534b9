import { dial } from '@armoricore/shared/bus/nats/dial';
import { describeError, fullJitter, withDeadline, type Log } from '@armoricore/shared/kernel';
import { setTimeout as delay } from 'node:timers/promises';
import { untilUp, type OpenLink } from './cluster.ts';

const RECONNECT = { baseMs: 100, maxMs: 2_000 };
/** Below the 1 MiB that a server takes unless it is told otherwise. */
const MOST_BYTES = 512 * 1024;
const ANSWER_MS = 5_000;

type Connection = Awaited<ReturnType<typeof dial>>;

/** By core NATS, on a subject that nodes of one namespace share. */
export function natsLink(url: string, namespace: string, log: Log): OpenLink {
  return (receive) => {
    const subject = `pubsub.${namespace}`;
    const controller = new AbortController();
    const { signal } = controller;
    let live: Connection | null = null;

    /** True when it was connected until it was not any more. */
    async function connectOnce(): Promise<boolean> {
      let connection: Connection | undefined;
      try {
        connection = await dial(url, signal);
        const over = connection.closed();
        connection.subscribe(subject, { callback: (error, message) => void (error === null && receive(message.string())) });
        await withDeadline(connection.flush(), ANSWER_MS, 'NATS does not answer');
        if (signal.aborted) return true;
        live = connection;
        const ended = await over;
        if (ended instanceof Error) log.warn({ reason: ended.message }, 'the connection of PubSub to NATS was lost');
        return true;
      } catch (error) {
        if (!signal.aborted) log.warn({ reason: describeError(error) }, 'PubSub cannot reach NATS');
        return false;
      } finally {
        live = null;
        await connection?.close();
      }
    }

    async function stayConnected(): Promise<void> {
      let failures = 0;
      while (!signal.aborted) {
        failures = (await connectOnce()) ? 1 : failures + 1;
        // Rejects when the link closes, and only then.
        await delay(fullJitter(RECONNECT, failures), undefined, { signal }).catch(() => undefined);
      }
    }

    const connecting = stayConnected();
    return {
      maxBytes: MOST_BYTES,
      async send(packets) {
        const connection = live;
        if (connection === null) throw new Error('NATS cannot be reached');
        for (const packet of packets) connection.publish(subject, packet);
        try {
          await withDeadline(connection.flush(), ANSWER_MS, 'NATS does not answer');
        } catch (error) {
          await connection.close(); // A new one may do better.
          throw error;
        }
      },
      ready: () => untilUp(() => live !== null, 'the NATS of PubSub'),
      async close() {
        controller.abort();
        await live?.close();
        await connecting;
      },
    };
  };
}
