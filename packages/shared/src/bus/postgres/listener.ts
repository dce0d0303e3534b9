import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describeError, fullJitter, type Log } from '../../kernel/index.ts';
import { CHANNEL } from './locks.ts';

const BACKOFF = { baseMs: 200, maxMs: 10_000 };

export interface Listener {
  stop(): Promise<void>;
}

/**
 * Hears of new events on a connection of its own, which is made anew whenever it is lost. Notifications only make
 * things fast: consumers also look by themselves.
 * @param onEvent gets the event type; null after a (re)connect, when anything may have been missed.
 */
export function startListener(connectionString: string, onEvent: (type: string | null) => void, log: Log): Listener {
  const controller = new AbortController();
  const { signal } = controller;
  const stopped = once(signal, 'abort');

  /** Listens until the connection ends or the listener stops; true when it was established. */
  async function listenOnce(): Promise<boolean> {
    const client = new pg.Client({ connectionString, keepAlive: true, connectionTimeoutMillis: 5_000 });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('error', (error) => log.warn({ reason: error.message }, 'listening to the bus was interrupted'));
    client.on('notification', ({ payload }) => onEvent(payload ?? null));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      onEvent(null);
      await Promise.race([ended, stopped]);
      return true;
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'cannot listen to the bus');
      return false;
    } finally {
      await client.end().catch(() => undefined); // It may be broken already; then there is nothing to end.
    }
  }

  async function listen(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      failures = (await listenOnce()) ? 1 : failures + 1;
      // Rejects when the listener stops, and only then.
      await delay(fullJitter(BACKOFF, failures), undefined, { signal }).catch(() => undefined);
    }
  }

  const listening = listen();
  return {
    async stop() {
      controller.abort();
      await listening;
    },
  };
}
