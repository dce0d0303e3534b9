import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describeError, fullJitter, type Log } from '../kernel/index.ts';

const BACKOFF = { baseMs: 200, maxMs: 10_000 };

export interface Listener {
  stop(): Promise<void>;
}

export interface ListenerOptions {
  connectionString: string;
  /** NOTIFY channel: a plain lower-case identifier. */
  channel: string;
  /** Gets the payload; null after a (re)connect, when anything may have been missed. */
  onNotify: (payload: string | null) => void;
  log: Log;
}

/**
 * Hears notifications of PostgreSQL on a connection of its own, which is made anew whenever it is lost. They only make things
 * fast: whoever listens also looks by itself, now and then.
 */
export function startListener({ connectionString, channel, onNotify, log }: ListenerOptions): Listener {
  const controller = new AbortController();
  const { signal } = controller;
  const stopped = once(signal, 'abort');

  /** Listens until the connection ends or the listener stops; true when it was established. */
  async function listenOnce(): Promise<boolean> {
    const client = new pg.Client({ connectionString, keepAlive: true, connectionTimeoutMillis: 5_000 });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('error', (error) => log.warn({ channel, reason: error.message }, 'listening to the database was interrupted'));
    client.on('notification', ({ payload }) => onNotify(payload ?? null));
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      onNotify(null);
      await Promise.race([ended, stopped]);
      return true;
    } catch (error) {
      log.warn({ channel, reason: describeError(error) }, 'cannot listen to the database');
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
