import { Redis, type RedisOptions } from 'ioredis';
import { describeError, fullJitter, withDeadline, type Log } from '../../kernel/index.ts';
import { unavailable } from '../unavailable.ts';
import { isUnknownScript, toBusError } from './errors.ts';
import type { Script } from './script.ts';

const RECONNECT = { baseMs: 100, maxMs: 5_000 };
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection on which an answer is owed and nothing came for so long is given up, in ms. */
const SILENCE_MS = 5_000;
const PING_TIMEOUT_MS = 2_000;

/**
 * Keeps nothing for later: a command goes out at once or fails, and fails with its connection. Who may wait, and how many,
 * is decided where the command comes from.
 */
const OPTIONS: RedisOptions = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (tries) => fullJitter(RECONNECT, tries),
  // A primary that became a replica: the name leads to the new one.
  reconnectOnError: ({ message }) => message.includes('READONLY'),
};

/** A connection that comes back by itself for as long as it is not closed. */
export interface Connection {
  /** By us, for good. */
  readonly closed: boolean;
  /** Rejects with `unavailable` when it is not there within `ms`. */
  whenUp(ms: number): Promise<void>;
  /** Runs a script. @throws AppError `unavailable`, or the ReplyError of a script that went wrong */
  run(wanted: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** The same, with every text of the answer as bytes. */
  runForBytes(wanted: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Waits for the first connection. @throws AppError `unavailable` unless Redis answers within 2 s */
  ping(): Promise<void>;
  close(): void;
}

/** @param onUp after each (re)connect */
export function connectRedis(url: string, { name, log, onUp }: { name: string; log: Log; onUp?: (client: Redis) => Promise<void> }): Connection {
  const client = new Redis(url, { ...OPTIONS, connectionName: name, replyMapping: 'legacy' });
  let state: 'new' | 'up' | 'down' | 'closed' = 'new';
  let up = Promise.withResolvers<void>();
  let lastError: string | undefined;

  client.on('error', (error: Error) => (lastError = error.message));
  client.on('ready', () => {
    if (state === 'closed') return;
    log.info({ connection: name }, 'connected to Redis');
    state = 'up';
    up.resolve();
    lastError = undefined;
    onUp?.(client).catch((error: unknown) => log.warn({ connection: name, reason: describeError(error) }, 'Redis refuses a part of what the bus needs'));
  });
  client.on('close', () => {
    if (state === 'closed') return;
    if (state !== 'down') log.warn({ connection: name, reason: lastError ?? 'the connection ended' }, 'Redis cannot be reached');
    if (state === 'up') up = Promise.withResolvers();
    state = 'down';
  });

  async function command<T>(send: () => Promise<T>): Promise<T> {
    if (client.status !== 'ready') throw unavailable();
    try {
      return await send();
    } catch (error) {
      throw toBusError(error);
    }
  }

  /** By its name; with its text when this Redis does not know it yet. */
  function runBy(call: (...words: [string, ...(string | number)[]]) => Promise<unknown>): Connection['run'] {
    return ({ sha, lua }, keys, args) => {
      const rest = [keys.length, ...keys, ...args];
      return command(() =>
        call('EVALSHA', sha, ...rest).catch((error: unknown) => (isUnknownScript(error) ? call('EVAL', lua, ...rest) : Promise.reject(error))),
      );
    };
  }

  async function whenUp(ms: number): Promise<void> {
    if (state === 'new' || state === 'down') {
      await withDeadline(up.promise, Math.max(ms, 1), 'Redis cannot be reached').catch((cause: unknown) => Promise.reject(unavailable(cause)));
    }
    if (client.status !== 'ready') throw unavailable();
  }

  return {
    get closed() {
      return state === 'closed';
    },
    whenUp,
    run: runBy((...words) => client.call(...words)),
    runForBytes: runBy((...words) => client.callBuffer(...words)),
    async ping() {
      if (state === 'new') await whenUp(PING_TIMEOUT_MS);
      await command(() => withDeadline(client.ping(), PING_TIMEOUT_MS, 'Redis does not answer'));
    },
    close() {
      state = 'closed';
      up.resolve();
      client.disconnect();
    },
  };
}
