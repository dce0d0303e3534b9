import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually, gate, labelled, labelOf, range, TYPES } from '../../src/bus/conformance/support.ts';
import type { Claim, DeliveryStore } from '../../src/bus/delivery-store.ts';
import type { Bus } from '../../src/bus/index.ts';
import { openLanes } from '../../src/bus/nats/lanes.ts';
import { startLink, type Link } from '../../src/bus/nats/link.ts';
import { allLanes, laneOf, natsNames, type NatsNames } from '../../src/bus/nats/names.ts';
import { createNatsStore } from '../../src/bus/nats/store.ts';
import { ensureStreams } from '../../src/bus/nats/streams.ts';
import { createEvent } from '../../src/events/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { makeBrokerHarness, type BrokerHarness } from './broker-harness.ts';

let harness: BrokerHarness;
let bus: Bus;
let nc: NatsConnection;
let jsm: JetStreamManager;
let names: NatsNames;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  harness = await makeBrokerHarness(inject('natsUrl'));
  bus = await harness.open();
  await bus.ready();
  nc = await connect({ servers: harness.url });
  jsm = await jetstreamManager(nc);
  names = natsNames(harness.namespace);
});
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await nc.close();
  await harness.close();
});

async function collect(group: string, on = bus): Promise<string[]> {
  const seen: string[] = [];
  await on.subscribe({ group, types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

describe('the streams', () => {
  it('are made with their bounds, and left as an operator changes them', async () => {
    const { config } = await jsm.streams.info(names.events);
    expect(config).toMatchObject({ max_age: 7 * 86_400e9, duplicate_window: 7_200e9, max_bytes: -1, max_msgs: -1, discard: 'new', storage: 'file' });
    expect((await jsm.streams.info(names.inbound)).config).toMatchObject({ retention: 'workqueue', max_age: 0, max_msg_size: 16 * 1024 * 1024, discard: 'new' });
    await jsm.streams.update(names.events, { max_age: 86_400e9 });
    await (await harness.open()).ready();
    expect((await jsm.streams.info(names.events)).config.max_age).toBe(86_400e9);
  });

  it('refuse what they have no room for, rather than drop what was not handled', async () => {
    await bus.publish(labelled('u', 'kept'));
    await jsm.streams.update(names.events, { max_msgs: 1 });
    await expect(bus.publish(labelled('u', 'no room'))).rejects.toMatchObject({ code: 'unavailable' });
    const seen = await collect('g');
    await eventually(() => seen, ['kept']);
  });
});

describe('a group', () => {
  it('is made anew when somebody took it away', async () => {
    const seen = await collect('g');
    await bus.publish(labelled('u', 1));
    await eventually(() => seen, ['1']);
    await Promise.all(allLanes().map((lane) => jsm.consumers.delete(names.events, names.laneConsumer('g', lane))));
    await bus.publish(labelled('u', 2));
    // A group that begins from the start of the log gets all of it again.
    await eventually(() => seen.includes('2'), true);
  });

  it('with a dot in its name is one of its own', async () => {
    const [dotted, dashed] = [await collect('a.b'), await collect('a-b')];
    await bus.publish(labelled('u', 'for one'), { group: 'a.b' });
    await bus.publish(labelled('u', 'for all'));
    await eventually(() => [dotted, dashed], [['for one', 'for all'], ['for all']]);
    await expect(bus.publish(labelled('u', 'x'), { group: 'a\r\nb' })).rejects.toThrow('allowed');
  });

  it('passes over many events of other types', async () => {
    const others = range(100).map((i) => createEvent('presence.update', { user_id: `u${i}`, status: 'away', topic: 't' }, { source: 'realtime' }));
    await Promise.all(others.map((event) => bus.publish(event)));
    await bus.publish(labelled('u', 'wanted'));
    const seen = await collect('g');
    await eventually(() => seen, ['wanted']);
    await eventually(() => bus.backlog('g'), 0);
  });

  it('has a process without a slot take nothing, so that another can', async () => {
    const other = await harness.open();
    const stuck = gate();
    const held: string[] = [];
    const seen: string[] = [];
    const users = range(40).map((i) => `u${i}`);
    await Promise.all(users.map((user) => bus.publish(labelled(user, user))));
    const first = async (event: ReturnType<typeof labelled>): Promise<void> => {
      held.push(labelOf(event));
      await stuck.opened;
    };
    await bus.subscribe({ group: 'g', types: TYPES, concurrency: 1, handler: first });
    await eventually(() => held.length, 1);
    await other.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
    const lane = (user: string): number => laneOf(`user:${user}`);
    const free = users.filter((user) => lane(user) !== lane(held[0]!));
    await eventually(() => seen.toSorted(), free.toSorted());
    expect(held).toHaveLength(1);
    stuck.open();
  });
});

describe('the end of a claim that is another consumer’s by now', () => {
  let link: Link;

  /** A store as a process of its own has it. */
  async function openStore(leaseMs: number): Promise<DeliveryStore> {
    const lanes = await openLanes({ link, names, group: 'g', types: TYPES, leaseMs, log: silentLog });
    cleanups.push(() => lanes.stop());
    return createNatsStore({ link, names, lanes, group: 'g', leaseMs, bury: async () => undefined });
  }

  async function claimOne(store: DeliveryStore): Promise<Claim> {
    let claims: Claim[] = [];
    await eventually(async () => (claims = await store.claim(1)).length, 1);
    return claims[0]!;
  }

  beforeEach(async () => {
    link = startLink(harness.url, silentLog);
    link.prepare((session) => ensureStreams(session.jsm, names));
    cleanups.push(() => link.close());
  });

  it.each([
    ['acknowledge', (store: DeliveryStore, claim: Claim) => store.acknowledge(claim)],
    ['retry', (store: DeliveryStore, claim: Claim) => store.retry(claim, 0)],
    ['release', (store: DeliveryStore, claim: Claim) => store.release(claim)],
    ['bury', (store: DeliveryStore, claim: Claim) => store.bury(claim, { reason: 'internal', lastError: 'x', attempts: 1 })],
  ] as const)('%s does nothing', async (_, end) => {
    const [slow, quick] = [await openStore(600), await openStore(600)];
    await bus.publish(labelled('u', 1));
    await bus.publish(labelled('u', 2));
    const lost = await claimOne(slow);
    const taken = await claimOne(quick);
    expect([lost.attempts, taken.attempts]).toEqual([1, 2]);
    expect(await slow.extend([lost])).toEqual([]);
    expect(await quick.extend([taken])).toEqual([taken]);
    await end(slow, lost);
    expect(await quick.extend([taken])).toEqual([taken]);
    await quick.acknowledge(taken);
    const next = await claimOne(quick);
    expect([next.attempts, (next.event as { payload: { reason: string } }).payload.reason]).toEqual([1, '2']);
  });
});
