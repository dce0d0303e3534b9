import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually, gate, labelled, labelOf, NO_BACKOFF, range, TYPES } from '../../src/bus/conformance/support.ts';
import type { Claim, DeliveryStore } from '../../src/bus/delivery-store.ts';
import type { Bus } from '../../src/bus/index.ts';
import { connectRedis, type Connection } from '../../src/bus/redis/connection.ts';
import { registerGroup } from '../../src/bus/redis/groups.ts';
import { keysOf, type BusKeys } from '../../src/bus/redis/keys.ts';
import { createDeliveryStore } from '../../src/bus/redis/store.ts';
import { trimLog } from '../../src/bus/redis/trim.ts';
import { createEvent, type EventType } from '../../src/events/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { makeBrokerHarness, type BrokerHarness } from './broker-harness.ts';

let harness: BrokerHarness;
let bus: Bus;
let redis: Redis;
let connection: Connection;
let keys: BusKeys;

beforeEach(async () => {
  harness = await makeBrokerHarness(inject('redisUrl'));
  bus = await harness.open();
  redis = new Redis(harness.url);
  keys = keysOf(harness.namespace);
  connection = connectRedis(harness.url, { name: 'test', log: silentLog });
  await connection.whenUp(5_000);
});
afterEach(async () => {
  connection.close();
  redis.disconnect();
  await harness.close();
});

const keyOf = (group: string, part: string): string => `{${harness.namespace}}:group:${group}:${part}`;
const presence = (user: string, topic: string) => createEvent('presence.update', { user_id: user, status: 'away', topic }, { source: 'realtime' });
const membership = (conversation: string) => createEvent('membership.updated', { conversation_id: conversation, added: [], removed: [] }, { source: 'backend' });
const publishAll = (events: Parameters<Bus['publish']>[0][]) => Promise.all(events.map((event) => bus.publish(event)));

/** Handles whatever comes, and notes the type and what tells the event apart. */
async function collect(group: string, types: readonly EventType[] = TYPES, on = bus): Promise<string[]> {
  const seen: string[] = [];
  await on.subscribe({
    group,
    types,
    handler: async (event) => {
      if (event.event_type === 'user.revoked') seen.push(labelOf(event));
      if (event.event_type === 'presence.update') seen.push(event.payload.topic);
      if (event.event_type === 'membership.updated') seen.push(event.payload.conversation_id);
    },
  });
  return seen;
}

describe('a group in Redis', () => {
  it('leaves nothing behind of what it has handled', async () => {
    let tries = 0;
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      backoff: NO_BACKOFF,
      handler: async () => {
        if (++tries % 3 === 0) throw new Error('not this time');
      },
    });
    await publishAll(range(50).map((i) => labelled(`u${i % 7}`, i)));
    await eventually(() => bus.backlog('g'), 0);
    const left = await redis.keys(`{${harness.namespace}}:group:g:*`);
    expect(left.toSorted()).toEqual([keyOf('g', 'read'), keyOf('g', 'types')]);
    expect((await redis.xpending(keys.events, 'g'))[0]).toBe(0);
    expect(await redis.get(keyOf('g', 'read'))).toBe('50');
  });

  it('tells operators by XPENDING what it has in hand, and by its lag what it has not read', async () => {
    const release = gate();
    await publishAll([...range(3).map((i) => labelled('u', i)), ...range(3).map((i) => presence('u', String(i)))]);
    await bus.subscribe({ group: 'g', types: TYPES, concurrency: 1, handler: () => release.opened });
    const figures = async () => {
      const [info] = (await redis.xinfo('GROUPS', keys.events)) as unknown[][];
      const { pending, lag } = Object.fromEntries(range(info!.length / 2).map((i) => [info![2 * i], info![2 * i + 1]])) as Record<string, unknown>;
      return { pending, lag, backlog: await bus.backlog('g') };
    };
    await eventually(figures, { pending: 3, lag: 0, backlog: 3 });
    await publishAll([labelled('u', 3), presence('u', '3')]);
    expect(await figures()).toEqual({ pending: 3, lag: 2, backlog: 5 });
    release.open();
    await eventually(figures, { pending: 0, lag: 0, backlog: 0 });
  });

  it('reads on past a long line behind a key that is held', async () => {
    const release = gate();
    const seen: string[] = [];
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      handler: async (event) => {
        if (event.payload.user_id === 'held') await release.opened;
        seen.push(event.payload.user_id);
      },
    });
    for (let i = 0; i < 3_000; i += 500) await publishAll(range(500).map((n) => labelled('held', i + n)));
    await bus.publish(labelled('free', 'x'));
    await eventually(() => seen, ['free']);
    release.open();
    await eventually(() => bus.backlog('g'), 0);
    expect(seen).toHaveLength(3_001);
  });

  it('passes over a log full of what does not concern it without a pause', async () => {
    for (let i = 0; i < 5_000; i += 500) await publishAll(range(500).map((n) => presence(`u${n}`, String(i + n))));
    await bus.publish(labelled('u', 'at the end'));
    const begun = performance.now();
    const seen = await collect('g');
    await eventually(() => seen, ['at the end']);
    // 256 a look, a look a second, would take 20 s.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('reads again, in the order of each key, what it passed by of types that it takes later', async () => {
    await collect('g');
    const topics = range(700).map((i) => `old ${i}`);
    for (const topic of topics) void bus.publish(presence('u', topic)).catch(() => undefined);
    await bus.publish(labelled('u', 1));
    await bus.publish(membership('m1'));
    await eventually(() => bus.backlog('g'), 0);
    const wide = await harness.open();
    const seen = await collect('g', [...TYPES, 'presence.update'], wide);
    await bus.publish(presence('u', 'new'));
    await eventually(() => seen.filter((label) => label !== '1'), [...topics, 'new']);
    const wider = await collect('g', [...TYPES, 'presence.update', 'membership.updated'], await harness.open());
    await eventually(() => wider, ['m1']);
    expect(await redis.llen(keyOf('g', 'replays'))).toBe(0);
  });

  it('goes on where only consumers are left that know fewer types, and keeps the others for who knows them', async () => {
    const wide = await bus.subscribe({ group: 'g', types: [...TYPES, 'membership.updated'], handler: async () => undefined });
    await wide.stop();
    const narrow = await collect('g');
    await publishAll(range(300).flatMap((i) => [membership(`c${i}`), labelled(`u${i}`, i)]));
    await eventually(() => narrow.length, 300);
    expect(await bus.backlog('g')).toBe(300);
    const seen = await collect('g', [...TYPES, 'membership.updated'], await harness.open());
    await eventually(() => seen.length, 300);
    await eventually(() => bus.backlog('g'), 0);
  });

  it('hands over an event whose consumer died to one that does not know its type only when that does', async () => {
    const dying = await harness.open();
    const begun = gate();
    await dying.subscribe({
      group: 'g',
      types: [...TYPES, 'membership.updated'],
      leaseMs: 200,
      handler: (_, { signal }) => {
        begun.open();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    });
    await bus.publish(membership('c'));
    await begun.opened;
    await harness.crash(dying);
    const narrow = await collect('g');
    await eventually(() => redis.llen(keyOf('g', 'later')), 1);
    const attempts: number[] = [];
    await bus.subscribe({ group: 'g', types: ['membership.updated'], handler: async (_, { attempt }) => void attempts.push(attempt) });
    await eventually(() => attempts, [2]);
    expect(narrow).toEqual([]);
  });

  it('begins anew when somebody removes it', async () => {
    const seen = await collect('g');
    await bus.publish(labelled('u', 1));
    await eventually(() => seen, ['1']);
    await redis.xgroup('DESTROY', keys.events, 'g');
    expect(await bus.backlog('g')).toBe(0);
    await bus.publish(labelled('u', 2));
    await eventually(() => seen, ['1', '1', '2']);
  });

  it('moves an event that somebody removed from the log to the dead letters, and goes on', async () => {
    const release = gate();
    const seen: string[] = [];
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      handler: async (event) => {
        await release.opened;
        seen.push(labelOf(event));
      },
    });
    await publishAll([labelled('u', 1), labelled('u', 2), labelled('u', 3)]);
    await eventually(() => redis.zcard(keyOf('g', 'leases')), 1);
    const [, second] = await redis.xrange(keys.events, '-', '+');
    await redis.xdel(keys.events, second![0]);
    release.open();
    await eventually(() => seen, ['1', '3']);
    expect(await harness.deadLetters('g')).toMatchObject([{ eventId: second![0], reason: 'invalid_event', attempts: 1 }]);
  });
});

describe('the log', () => {
  it('loses what is old and handled by every group, and nothing else', async () => {
    const seen = await collect('g');
    await publishAll(range(350).map((i) => labelled(`u${i}`, i)));
    await eventually(() => seen.length, 350);
    await eventually(() => bus.backlog('g'), 0);
    expect(await trimLog(connection, keys, 3_600_000)).toBe(0);
    await registerGroup(connection, keys, 'down', TYPES);
    expect(await trimLog(connection, keys, -1_000)).toBe(0);
    await redis.xgroup('DESTROY', keys.events, 'down');
    // Redis removes whole blocks, of some kilobytes.
    const trimmed = await trimLog(connection, keys, -1_000);
    expect(trimmed).toBeGreaterThan(200);
    const late = await collect('late');
    await eventually(() => late.length, 350 - trimmed);
    await eventually(() => bus.backlog('late'), 0);
  });

  it('remembers ids for as long as events', async () => {
    const event = labelled('u', 1);
    await bus.publish(event);
    expect(await redis.pttl(keys.digestOf(event.event_id))).toBeGreaterThan(6.9 * 24 * 3600 * 1000);
  });

  it('makes no key of a name that is none', () => {
    expect(() => keysOf('a}:b')).toThrow('cannot be part of a key');
    expect(() => keys.ofGroup('a b')).toThrow('cannot be part of a key');
  });
});

describe('a claim', () => {
  let store: DeliveryStore;
  let lost: Claim;
  let mine: Claim;
  const open = (leaseMs: number) =>
    createDeliveryStore(connection, keys, { group: 'g', types: TYPES, leaseMs, bury: () => Promise.reject(new Error('nothing is buried here')) });
  const state = async () => [await redis.zrange(keyOf('g', 'leases'), 0, '-1', 'WITHSCORES'), await redis.hgetall(keyOf('g', 'attempts')), await bus.backlog('g')];

  // Of one event: its first consumer's lease ran out, and another claimed it.
  beforeEach(async () => {
    await registerGroup(connection, keys, 'g', TYPES);
    await bus.publish(labelled('u', 1));
    lost = (await open(1).claim(1))[0]!;
    store = open(60_000);
    await eventually(async () => (mine ??= (await store.claim(1))[0]!) !== undefined, true);
  });
  afterEach(() => void (mine = undefined as unknown as Claim));

  it('counts as a try', () => {
    expect([lost.attempts, mine.attempts, mine.id]).toEqual([1, 2, lost.id]);
  });

  it('that was lost to another does nothing', async () => {
    const before = await state();
    await store.acknowledge(lost);
    await store.retry(lost, 0);
    await store.release(lost);
    await store.bury(lost, { reason: 'internal', lastError: 'x', attempts: 1 });
    expect(await store.extend([lost])).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it('that is held ends it', async () => {
    expect(await store.extend([lost, mine])).toEqual([mine]);
    await store.acknowledge(mine);
    expect(await state()).toEqual([[], {}, 0]);
  });

  it('that is given back was no try', async () => {
    await store.release(mine);
    expect((await store.claim(1))[0]).toMatchObject({ attempts: 2 });
  });

  it('holds back its key, also while it waits for a retry', async () => {
    await bus.publish(labelled('u', 2));
    await store.retry(mine, 60_000);
    expect(await store.claim(8)).toEqual([]);
    await store.retry(mine, 0);
    expect(await store.claim(8)).toMatchObject([{ id: mine.id, attempts: 3 }]);
  });
});
