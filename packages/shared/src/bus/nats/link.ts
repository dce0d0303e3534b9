import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { describeError, fullJitter, withDeadline, type Log } from '../../kernel/index.ts';
import { dial } from './dial.ts';
import { unavailable } from '../unavailable.ts';

/** Short enough that a publish, which waits 5 s, outlives a restart of the broker. */
const BACKOFF = { baseMs: 100, maxMs: 2_000 };
/** A broker that does not answer a ping for this long is taken for lost, in ms; also how often it is asked. */
const PING_MS = 5_000;
const REQUEST_MS = 2_000;
const API_MS = 5_000;

/** A living connection. */
export interface Session {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
}

/** Does what has to be done on every new connection before it is used; when it rejects, the connection is given up. */
export type Prepare = (session: Session) => Promise<void>;

/** The way to the broker: one connection after the other, as they break. */
export interface Link {
  readonly current: Session | undefined;
  /** The connection, waiting up to `ms` for it. @throws AppError `unavailable` */
  within(ms: number): Promise<Session>;
  /** Asks on the present connection. @throws AppError `unavailable` */
  request(subject: string, body?: string): Promise<Msg>;
  /** Says something that may get lost. */
  tell(subject: string, body?: string): void;
  prepare(prepare: Prepare): { remove(): void };
  close(): Promise<void>;
}

/** Connects in the background, for ever, with backoff. */
export function startLink(url: string, log: Log): Link {
  const controller = new AbortController();
  const { signal } = controller;
  const preparations = new Set<Prepare>();
  let current: Session | undefined;
  let next = promiseOfSession();
  let away = false;

  async function open(): Promise<Session> {
    const nc = await dial(url, signal);
    try {
      const jsm = await jetstreamManager(nc, { timeout: API_MS });
      const session = { nc, jsm, js: jetstream(nc, { timeout: API_MS }) };
      for (const prepare of preparations) await prepare(session);
      signal.throwIfAborted();
      return session;
    } catch (error) {
      await nc.close();
      throw error;
    }
  }

  async function live(session: Session): Promise<void> {
    const { nc } = session;
    current = session;
    next.resolve(session);
    const pinger = setInterval(() => {
      withDeadline(nc.flush(), PING_MS, 'no answer').catch(() => nc.close());
    }, PING_MS);
    await nc.closed();
    clearInterval(pinger);
    current = undefined;
    next = promiseOfSession();
  }

  function note(reason: unknown): void {
    if (!away && !signal.aborted) log.warn({ service: 'nats', reason: describeError(reason) }, 'the broker is away');
    away = true;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const session = await open();
        log[away ? 'warn' : 'info']({ service: 'nats' }, 'connected to the broker');
        away = false;
        failures = 1;
        await live(session);
        note('the connection ended');
      } catch (error) {
        failures += 1;
        note(error);
      }
      // Rejects when the link closes, and only then.
      await delay(fullJitter(BACKOFF, failures), undefined, { signal }).catch(() => undefined);
    }
    next.reject(unavailable(undefined, 'The bus is closed.'));
  }

  const running = run();
  const link: Link = {
    get current() {
      return current;
    },
    async within(ms) {
      if (current !== undefined) return current;
      try {
        return await withDeadline(next.promise, ms, `not connected within ${Math.ceil(ms)} ms`);
      } catch (error) {
        throw unavailable(error, 'The broker cannot be reached.');
      }
    },
    async request(subject, body) {
      if (current === undefined) throw unavailable(undefined, 'The broker is away.');
      try {
        return await current.nc.request(subject, body, { timeout: REQUEST_MS });
      } catch (error) {
        throw unavailable(error, 'The broker does not answer.');
      }
    },
    tell(subject, body) {
      if (current !== undefined && !current.nc.isClosed()) current.nc.publish(subject, body);
    },
    prepare(prepare) {
      preparations.add(prepare);
      return { remove: () => void preparations.delete(prepare) };
    },
    async close() {
      controller.abort();
      const session = current;
      if (session !== undefined) {
        // Lets out what was told last; a broker that is away hears nothing.
        await withDeadline(session.nc.flush(), REQUEST_MS, 'no answer').catch(() => undefined);
        await session.nc.close();
      }
      await running;
    },
  };
  return link;
}

function promiseOfSession(): PromiseWithResolvers<Session> {
  const made = Promise.withResolvers<Session>();
  made.promise.catch(() => undefined); // Perhaps nobody waits for it.
  return made;
}
