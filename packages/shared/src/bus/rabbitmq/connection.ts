import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { connect, type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { describeError, fullJitter, type Log } from '../../kernel/index.ts';
import { unavailable } from '../unavailable.ts';

const BACKOFF = { baseMs: 100, maxMs: 5_000 };
/** For each answer of the broker while a connection is made. */
const CONNECT_TIMEOUT_MS = 5_000;
/** For all that has to be done on a new connection before it is of use. */
const OPEN_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 1_000;

export interface Connection {
  readonly model: ChannelModel;
  /** Aborts when the connection is no more. */
  readonly signal: AbortSignal;
  /** Gives the connection up: it is made anew. */
  fail(error: unknown): void;
}

export interface LinkOptions<Session> {
  url: string;
  /** What RabbitMQ's tools show. */
  name: string;
  /** A peer that is silent is given up after one and a half of it by us, after two to three of it by the broker. */
  heartbeatS: number;
  log: Log;
  /** Sets up what lives on a connection. */
  open(connection: Connection): Promise<Session>;
}

export interface Link<Session> {
  /** What `open` made of the present connection, once there is one that takes messages. @throws AppError `unavailable` after `timeoutMs` */
  session(timeoutMs: number): Promise<Session>;
  /** Asks the broker for a sign of life. @throws AppError `unavailable` */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A connection that is made anew whenever it is lost, for ever. */
export function keepConnected<Session>({ url, name, heartbeatS, log, open }: LinkOptions<Session>): Link<Session> {
  const address = new URL(url);
  address.searchParams.set('heartbeat', String(heartbeatS));
  const closing = new AbortController();
  let control: Channel | undefined;
  let up = Promise.withResolvers<Session>();
  let isUp = false;
  let isLost = false;

  function goUp(session: Session): void {
    isUp = true;
    isLost = false;
    up.resolve(session);
  }

  function goDown(): void {
    if (isUp) up = Promise.withResolvers();
    isUp = false;
  }

  /** The life of one connection. Rejects with the reason of its end. */
  async function liveOnce(onUp: () => void): Promise<void> {
    const model = await connect(address.href, {
      timeout: CONNECT_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: name },
    });
    const life = new AbortController();
    const fail = (error: unknown): void => life.abort(error ?? new Error('the connection was closed'));
    model.on('error', fail).on('close', fail);
    const ended = new Promise<void>((resolve) => AbortSignal.any([life.signal, closing.signal]).addEventListener('abort', () => resolve()));
    try {
      closing.signal.throwIfAborted();
      const connection = { model, signal: life.signal, fail };
      const pulse = await within(CONNECT_TIMEOUT_MS, openChannel(connection));
      const session = await Promise.race([within(OPEN_TIMEOUT_MS, open(connection)), ended.then(() => Promise.reject(unavailable(life.signal.reason)))]);
      life.signal.throwIfAborted();
      control = pulse;
      goUp(session);
      onUp();
      model.on('blocked', (reason) => {
        log.warn({ connection: name, reason }, 'RabbitMQ has no room and takes nothing');
        goDown();
      });
      model.on('unblocked', () => goUp(session));
      while (!life.signal.aborted && !closing.signal.aborted) {
        // From a connection that it has blocked the broker reads nothing, so there would be no answer.
        if (isUp) await within(heartbeatS * 1_000, askForLife(pulse));
        await Promise.race([ended, delay(heartbeatS * 500, undefined, { ref: false })]);
      }
      life.signal.throwIfAborted();
    } finally {
      goDown();
      control = undefined;
      await end(model, life.signal.aborted);
      fail(new Error('the connection was given up'));
    }
  }

  async function live(): Promise<void> {
    let failures = 0;
    let told = '';
    while (!closing.signal.aborted) {
      try {
        await liveOnce(() => {
          failures = 0;
          told = '';
          log.info({ connection: name }, 'connected to RabbitMQ');
        });
      } catch (error) {
        if (closing.signal.aborted) return;
        isLost = true;
        failures += 1;
        const reason = describeError(error);
        if (reason !== told) log.warn({ connection: name, reason }, 'no connection to RabbitMQ');
        told = reason;
        // Rejects when the link closes, and only then.
        await delay(fullJitter(BACKOFF, failures), undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  const living = live();
  return {
    session: (timeoutMs) => (closing.signal.aborted ? Promise.reject(unavailable()) : within(timeoutMs, up.promise)),
    async ping(timeoutMs) {
      if (isLost || closing.signal.aborted) throw unavailable();
      await within(timeoutMs, up.promise);
      if (control === undefined) throw unavailable();
      await within(timeoutMs, askForLife(control));
    },
    async close() {
      closing.abort();
      await living;
    },
  };
}

/** A channel whose end is the end of its connection. */
export async function openChannel(connection: Connection): Promise<Channel> {
  return bindLives(connection, await connection.model.createChannel());
}

/** The same, on which the broker confirms what is published. */
export async function openConfirmChannel(connection: Connection): Promise<ConfirmChannel> {
  return bindLives(connection, await connection.model.createConfirmChannel());
}

function bindLives<C extends Channel>(connection: Connection, channel: C): C {
  channel.on('error', (error: Error) => connection.fail(error));
  channel.on('close', () => connection.fail(new Error('a channel was closed')));
  return channel;
}

/** The cheapest thing that has an answer: this setting is for consumers, of which a control channel has none. */
async function askForLife(control: Channel): Promise<void> {
  await control.prefetch(1);
}

async function end(model: ChannelModel, isBroken: boolean): Promise<void> {
  if (!isBroken) await within(CLOSE_TIMEOUT_MS, model.close()).catch(() => undefined); // The next line does it in any case.
  const { stream } = model.connection as unknown as { stream: Duplex };
  stream.on('error', () => undefined);
  stream.destroy(new Error('the connection was given up')); // Only an error tells amqplib, which then ends what waits.
}

/** @throws AppError `unavailable` after `ms`, whatever becomes of `work` */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  // What came while this process was busy is read before the immediate.
  const timer = setTimeout(() => setImmediate(() => late.reject(unavailable())), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
