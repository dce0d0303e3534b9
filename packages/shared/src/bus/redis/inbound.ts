import { setTimeout as delay } from 'node:timers/promises';
import { EVENT_SOURCES, type EventSource } from '../../events/index.ts';
import { AppError, describeError, fullJitter, newId, type Log } from '../../kernel/index.ts';
import type { InboundMessage } from '../intake.ts';
import type { Connection } from './connection.ts';
import type { BusKeys } from './keys.ts';
import { script } from './script.ts';

/** How long whoever takes in a source may be silent before another does, in ms. */
const LEASE_MS = 15_000;
/** How often the one that has the lease looks for messages, and how often the others look for the lease, in ms. */
const IDLE_MS = 50;
const STANDBY_MS = 1_000;
const BACKOFF = { baseMs: 100, maxMs: 5_000 };
/** Of one batch. */
const MAX_MESSAGES = 100;
const MAX_BATCH_BYTES = 1024 * 1024;
/** What is longer is cut off here, in Redis; that much is far over what an event may have, and so becomes a dead letter. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The oldest messages, as `id, body, …`; nothing when another has the lease. A message without the field `event` is all its fields. */
const TAKE = script(`
local stream, lease = unpack(KEYS)
local me, lease_ms, most, most_bytes, most_of_one = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local holder = redis.call('GET', lease)
if holder and holder ~= me then return false end
redis.call('SET', lease, me, 'PX', lease_ms)

local function body_of(fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'event' then return fields[i + 1] end
  end
  return table.concat(fields, ' ')
end

local batch, bytes, from = {}, 0, '-'
while #batch < 2 * most and bytes < most_bytes do
  local message = redis.call('XRANGE', stream, from, '+', 'COUNT', 1)[1]
  if not message then break end
  local body = body_of(message[2]):sub(1, most_of_one)
  batch[#batch + 1], batch[#batch + 2] = message[1], body
  bytes, from = bytes + #body, '(' .. message[1]
end
return batch
`);

const REMOVE = script(`return redis.call('XDEL', KEYS[1], unpack(ARGV))`);

const GIVE_BACK = script(`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`);

interface InboundOptions {
  connection: Connection;
  keys: BusKeys;
  /** Rejects when a message has to come again. */
  takeIn: (message: InboundMessage) => Promise<void>;
  log: Log;
}

/**
 * Takes in what other systems put into the inbound streams. Of all processes one at a time does so for a source, in order; a
 * message leaves the stream after it was taken in. If the lease is lost in between another takes in the same message, which
 * changes nothing.
 */
export function startInbound({ connection, keys, takeIn, log }: InboundOptions): { stop(): Promise<void> } {
  const me = newId();
  const controller = new AbortController();
  const { signal } = controller;

  async function take(source: EventSource): Promise<InboundMessage[] | undefined> {
    const limits = [MAX_MESSAGES, MAX_BATCH_BYTES, MAX_BODY_BYTES];
    const reply = await connection.runForBytes(TAKE, [keys.inbound(source), keys.inboundLease(source)], [me, LEASE_MS, ...limits]);
    if (reply === null) return undefined;
    const flat = reply as Buffer[];
    return Array.from({ length: flat.length / 2 }, (_, i) => ({ id: String(flat[2 * i]), source, body: flat[2 * i + 1]! }));
  }

  /** Returns how long to wait before the next. */
  async function takeBatch(source: EventSource): Promise<number> {
    const batch = await take(source);
    if (batch === undefined) return STANDBY_MS;
    const done: string[] = [];
    try {
      for (const message of batch) {
        if (signal.aborted) break;
        await takeIn(message);
        done.push(message.id);
      }
    } finally {
      if (done.length > 0) await connection.run(REMOVE, [keys.inbound(source)], done);
    }
    return batch.length > 0 ? 0 : IDLE_MS;
  }

  async function run(source: EventSource): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      let pauseMs: number;
      try {
        pauseMs = await takeBatch(source);
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = fullJitter(BACKOFF, failures);
        // The connection itself says when it is lost.
        const expected = error instanceof AppError && error.code === 'unavailable';
        if (failures === 1) log[expected ? 'debug' : 'warn']({ source, reason: describeError(error) }, 'messages of another system cannot be taken in');
      }
      // Rejects when we stop, and only then.
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    // Otherwise the lease runs out by itself.
    await connection.run(GIVE_BACK, [keys.inboundLease(source)], [me]).catch(() => undefined);
  }

  const running = Promise.all(EVENT_SOURCES.map(run));
  return {
    async stop() {
      controller.abort();
      await running;
    },
  };
}
