import { setTimeout as delay } from 'node:timers/promises';
import { AppError, fullJitter, withDeadline } from '../../kernel/index.ts';
import type { EncodedEvent } from '../encode.ts';
import type { Connection } from './connection.ts';
import { unavailable } from '../unavailable.ts';
import type { BusKeys } from './keys.ts';
import { script } from './script.ts';

/** Most publishes that wait for an answer, or for Redis to come back; each keeps its event in memory. */
const MAX_WAITING = 1_000;
const MAX_WAIT_MS = 5_000;
const RETRY = { baseMs: 20, maxMs: 500 };

const PUBLISH = script(`
local events, published, digest_key = unpack(KEYS)
local wake, digest, retention, json, key, type, group = unpack(ARGV)

local earlier = redis.call('GET', digest_key)
if earlier then return earlier == digest and 'duplicate' or 'conflict' end

if group == '' then
  redis.call('XADD', events, '*', 'type', type, 'key', key, 'event', json)
else
  redis.call('XADD', events, '*', 'type', type, 'key', key, 'event', json, 'group', group)
end
redis.call('SET', digest_key, digest, 'PX', retention)
redis.call('INCR', published)
redis.call('PUBLISH', wake, type)
return 'published'
`);

/**
 * Appends events to the log, once each. While Redis is away a publish waits and tries again; where only the answer of a try
 * was lost, the next one says `duplicate`.
 */
export function createPublisher(connection: Connection, keys: BusKeys, retentionMs: number) {
  let waiting = 0;

  async function append(event: EncodedEvent, onlyFor: string, until: number): Promise<{ duplicate: boolean }> {
    const { id, type, key, json, digest } = event;
    for (let failures = 1; ; failures++) {
      try {
        await connection.whenUp(until - performance.now());
        const args = [keys.wake, digest, retentionMs, json, key, type, onlyFor];
        const outcome = await connection.run(PUBLISH, [keys.events, keys.published, keys.digestOf(id)], args);
        if (outcome === 'conflict') throw new AppError('event_id_conflict', { event_id: id });
        return { duplicate: outcome === 'duplicate' };
      } catch (error) {
        const pauseMs = fullJitter(RETRY, failures);
        const mayPass = error instanceof AppError && error.code === 'unavailable' && !connection.closed;
        if (!mayPass || performance.now() + pauseMs > until) throw error;
        await delay(pauseMs);
      }
    }
  }

  /** @throws AppError `event_id_conflict`, `unavailable` after 5 s, `overloaded` when too many wait already */
  return async (event: EncodedEvent, onlyFor = ''): Promise<{ duplicate: boolean }> => {
    if (waiting >= MAX_WAITING) throw new AppError('overloaded', { service: 'bus', waiting });
    waiting += 1;
    try {
      const appended = append(event, onlyFor, performance.now() + MAX_WAIT_MS);
      return await withDeadline(appended, MAX_WAIT_MS, 'Redis does not answer').catch((error: unknown) =>
        Promise.reject(error instanceof AppError ? error : unavailable(error)),
      );
    } finally {
      waiting -= 1;
    }
  };
}
