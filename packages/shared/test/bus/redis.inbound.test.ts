import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { eventually, labelled, labelOf, range, TYPES } from '../../src/bus/conformance/support.ts';
import type { Bus } from '../../src/bus/index.ts';
import { keysOf } from '../../src/bus/redis/keys.ts';
import { openRedisBus } from '../../src/bus/redis.ts';
import type { Bury, DeadLetter } from '../../src/dead-letters/index.ts';
import { silentLog } from '../../src/kernel/index.ts';

let redis: Redis;
let namespace: string;
let letters: DeadLetter[];
const buses: Bus[] = [];

beforeEach(() => {
  redis = new Redis(inject('redisUrl'));
  namespace = freshName();
  letters = [];
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  redis.disconnect();
});

function open(bury: Bury = async (letter) => void letters.push(letter)): Bus {
  const bus = openRedisBus({ url: inject('redisUrl'), namespace, bury, log: silentLog });
  buses.push(bus);
  return bus;
}

async function collect(bus: Bus): Promise<string[]> {
  const seen: string[] = [];
  await bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

const stream = (source = 'backend'): string => `${namespace}:in:${source}`;
/** As a backend does it, with the plain client. */
const send = (body: unknown, source?: string): Promise<unknown> =>
  redis.xadd(stream(source), '*', 'event', typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));

describe('what another system puts into its stream', () => {
  it('reaches a group when it is a good event, and leaves the stream', async () => {
    const seen = await collect(open());
    await send(labelled('u', 1));
    await send({ ...labelled('u', 2), timestamp: '2020-01-01T00:00:00Z' });
    await send({ ...labelled('u', 3), timestamp: '2040-01-01T00:00:00+02:00' });
    await eventually(() => seen, ['1', '2', '3']);
    await eventually(() => redis.xlen(stream()), 0);
    expect(letters).toEqual([]);
  });

  it('becomes a dead letter at once when it is not, and what follows goes on', async () => {
    const seen = await collect(open());
    const event = labelled('u', 'first');
    const ids = [
      await send('{"event_type": '),
      await send(Buffer.from([0xff, 0xfe])),
      await send({ ...labelled('u', 1), event_type: 'user.exploded' }),
      await send({ ...labelled('u', 1), source: 'realtime' }),
      await send({ ...labelled('u', 1), payload: { user_id: 5 } }),
      await send('x'.repeat(5 * 1024 * 1024)),
      await redis.xadd(stream(), '*', 'data', 'no event', 'n', '1'),
    ];
    await send(event);
    await send(event);
    const conflict = await send({ ...event, payload: { user_id: 'u', reason: 'another' } });
    await send(labelled('u', 'last'));
    await eventually(() => seen, ['first', 'last']);
    expect(letters.map(({ origin, refId, reason, attempts }) => [origin, refId, reason, attempts])).toEqual(
      [
        'invalid_event',
        'invalid_event',
        'unknown_event_type',
        'source_not_allowed',
        'invalid_payload',
        'payload_too_large',
        'invalid_event',
        'event_id_conflict',
      ].map((reason, i) => ['intake', ids[i] ?? conflict, reason, 1]),
    );
    expect(letters[6]?.payload).toBe('data no event n 1');
    await eventually(() => redis.xlen(stream()), 0);
  });

  it('is loaded to 16 MiB at most', async () => {
    await send('x'.repeat(17 * 1024 * 1024));
    open();
    await eventually(() => letters.map(({ reason, payload }) => [reason, (payload as string).length]), [['payload_too_large', 16 * 1024 * 1024]]);
  });

  it('may only be of the source that the stream is for', async () => {
    const seen = await collect(open());
    await send(labelled('u', 'backend'), 'realtime');
    await send({ ...labelled('u', 'realtime'), source: 'realtime' }, 'realtime');
    await eventually(() => seen, ['realtime']);
    expect(letters).toMatchObject([{ reason: 'source_not_allowed' }]);
  });

  it('waits, in order, while its dead letters cannot be written', async () => {
    let failures = 3;
    const bus = open(async (letter) => {
      if (failures-- > 0) throw new Error('no database');
      letters.push(letter);
    });
    const seen = await collect(bus);
    for (const body of [labelled('u', 1), 'nonsense', labelled('u', 2)]) await send(body);
    await eventually(() => seen, ['1', '2']);
    expect(letters).toMatchObject([{ reason: 'invalid_event' }]);
  });
});

describe('of several processes', () => {
  it('one takes in at a time, the next goes on when it stops, and order holds', async () => {
    const first = open();
    const seen = await collect(first);
    await eventually(() => redis.exists(keysOf(namespace).inboundLease('backend')), 1);
    const second = open();
    const labels = range(400).map(String);
    const sending = (async () => {
      for (const label of labels) await send(labelled('u', label));
    })();
    await eventually(() => seen.length > 20, true);
    await first.close();
    await sending;
    await eventually(() => redis.xlen(stream()), 0);
    const log = await redis.xrange(keysOf(namespace).events, '-', '+');
    expect(log.map(([, fields]) => (JSON.parse(fields[5]!) as ReturnType<typeof labelled>).payload.reason)).toEqual(labels);
    const rest = await collect(second);
    await eventually(() => [...seen, ...rest], labels);
  });

  it('the next goes on when the lease of one that died has run out', async () => {
    const { inboundLease } = keysOf(namespace);
    await redis.set(inboundLease('backend'), 'somebody else', 'PX', 60_000);
    const seen = await collect(open());
    await send(labelled('u', 1));
    await send({ ...labelled('u', 'other source'), source: 'realtime' }, 'realtime');
    await eventually(() => seen, ['other source']);
    await redis.pexpire(inboundLease('backend'), 1);
    await eventually(() => seen, ['other source', '1']);
  });
});
