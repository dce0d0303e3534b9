import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { REDIS_DATABASES } from './redis.ts';
import { converse } from './tcp.ts';

const ANSWER_DEADLINE_MS = 5_000;

/**
 * The URL of an empty database that no other test of this run uses, on the shared Redis or on the one at `server`. Channels
 * of PUBLISH are not of a database: give them a `freshName()`.
 */
export async function freshRedis(server: string = inject('redisUrl')): Promise<string> {
  const url = new URL(server);
  const ask = (words: string, answer: RegExp): Promise<RegExpMatchArray> => converse(Number(url.port), words, answer, ANSWER_DEADLINE_MS);
  const [, count] = await ask('INCR armoricore:databases\r\n', /^:(\d+)\r\n/);
  const database = 1 + (Number(count) % (REDIS_DATABASES - 1)); // After so many the first is long done with.
  await ask(`SELECT ${database}\r\nFLUSHDB\r\n`, /^\+OK\r\n\+OK\r\n/);
  url.pathname = `/${database}`;
  return url.href;
}

/** A name that no other test has, good for streams, subjects, queues, exchanges, keys and channels of all brokers. */
export function freshName(prefix = 'test'): string {
  return `${prefix}_${randomBytes(8).toString('hex')}`;
}
