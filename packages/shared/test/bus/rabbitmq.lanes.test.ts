import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { eventually, gate, labelled, labelOf, NO_BACKOFF, range, TYPES } from '../../src/bus/conformance/support.ts';
import type { Bus, Subscription } from '../../src/bus/index.ts';
import { laneOf, LANES } from '../../src/bus/rabbitmq/names.ts';
import { createEvent, eventKey, type BusEvent } from '../../src/events/index.ts';
import type { BrokerHarness } from './broker-harness.ts';
import { makeRabbitHarness } from './rabbitmq-harness.ts';

/** Lanes move within seconds, each look at them takes its time. */
const PATIENCE_MS = 60_000;

let harness: BrokerHarness;
let bus: Bus;

beforeEach(async () => {
  harness = await makeRabbitHarness(inject('rabbitUrl'));
  bus = await harness.open();
});
afterEach(() => harness.close());

const laneFor = (user: string): number => laneOf(eventKey(labelled(user, '')));
/** A user for each lane. */
const USERS = range(LANES).map((lane) => range(10_000).map((i) => `u${i}`).find((user) => laneFor(user) === lane)!);
const presence = (topic: string, user = 'u') => createEvent('presence.update', { user_id: user, status: 'away', topic }, { source: 'realtime' });

describe('the lanes of a group', () => {
  it('are spread evenly over its consumers, as they come and go', async () => {
    let by: number[] = [];
    const consume = async (index: number): Promise<Subscription> => {
      const handler = async (): Promise<void> => void (by[index] = (by[index] ?? 0) + 1);
      return (await harness.open()).subscribe({ group: 'g', types: TYPES, handler });
    };
    /** How many lanes each has, as an event for each lane shows. */
    const shares = async (): Promise<number[]> => {
      by = [];
      await Promise.all(USERS.map((user) => bus.publish(labelled(user, 1))));
      await eventually(() => by.reduce((sum, count) => sum + count, 0), LANES);
      return by.filter((count) => count > 0).toSorted((a, b) => a - b);
    };
    const first = await consume(0);
    expect(await shares()).toEqual([16]);
    await consume(1);
    const become = (expected: number[]) => vi.waitFor(async () => expect(await shares()).toEqual(expected), { timeout: PATIENCE_MS });
    await become([8, 8]);
    await consume(2);
    await become([5, 5, 6]);
    await first.stop();
    await become([8, 8]);
  }, PATIENCE_MS);

  it('are given away between two events, never within one', async () => {
    const finish = gate();
    const running = new Set<string>();
    const overlaps: string[] = [];
    let handled = 0;
    const handler = async (event: BusEvent<'user.revoked'>): Promise<void> => {
      const user = event.payload.user_id;
      if (running.has(user)) overlaps.push(user);
      running.add(user);
      if (labelOf(event) === '1') await finish.opened;
      running.delete(user);
      handled += 1;
    };
    await bus.subscribe({ group: 'g', types: TYPES, concurrency: LANES, handler });
    await Promise.all(USERS.map((user) => bus.publish(labelled(user, 1))));
    await eventually(() => running.size, LANES);
    await Promise.all(USERS.map((user) => bus.publish(labelled(user, 2))));
    // Every lane is busy, so this one has none yet; it gets its share as the events end.
    await (await harness.open()).subscribe({ group: 'g', types: TYPES, handler });
    expect(handled).toBe(0);
    finish.open();
    await eventually(() => handled, 2 * LANES);
    expect(overlaps).toEqual([]);
  });

  it('hold one event back for a retry while the others go on', async () => {
    const [slow = '', quick = ''] = USERS;
    const seen: string[] = [];
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      concurrency: 1,
      backoff: { baseMs: 400, maxMs: 400 },
      handler: async (event, { attempt }) => {
        seen.push(`${event.payload.user_id === slow ? 'slow' : 'quick'}#${attempt}`);
        if (event.payload.user_id === slow && attempt === 1) throw new Error('not yet');
      },
    });
    await bus.publish(labelled(slow, 1));
    await eventually(() => seen, ['slow#1']);
    expect(await bus.backlog('g')).toBe(1);
    await bus.publish(labelled(quick, 1));
    await eventually(() => seen.toSorted(), ['quick#1', 'slow#1', 'slow#2']);
    await eventually(() => bus.backlog('g'), 0);
  });

  it('go to a consumer that knows the type of their next event', async () => {
    const older: string[] = [];
    const newer: string[] = [];
    await bus.subscribe({ group: 'g', types: TYPES, backoff: NO_BACKOFF, handler: async (event) => void older.push(labelOf(event)) });
    const next = await harness.open();
    await next.subscribe({
      group: 'g',
      types: ['user.revoked', 'presence.update'],
      handler: async (event) => void newer.push(event.event_type),
    });
    await Promise.all(range(20).map((i) => bus.publish(presence('t', `u${i}`))));
    await eventually(() => newer.length, 20);
    expect(new Set(newer)).toEqual(new Set(['presence.update']));
    expect(older).toEqual([]);
    expect(await harness.deadLetters('g')).toEqual([]);
  });
});

describe('what was published before', () => {
  it('goes to the first group that takes the type, and not to those after it', async () => {
    for (const i of range(90)) await bus.publish(labelled(`u${i % 3}`, i));
    await eventually(() => bus.backlog('relay'), 0);
    const seen: Record<string, string[]> = { a: [], b: [] };
    const consume = (group: string) => bus.subscribe({ group, types: TYPES, handler: async (event) => void seen[group]?.push(labelOf(event)) });
    await consume('a');
    await consume('b');
    await bus.publish(labelled('u', 'new'));
    await eventually(() => new Set(seen['a']).size, 91);
    await eventually(() => seen['b']?.at(-1), 'new');
    expect(seen['b']!.length).toBeLessThan(10); // What was in doubt may come twice.
    for (const rest of range(3)) {
      const own = [...new Set(seen['a'])].filter((label) => Number(label) % 3 === rest);
      expect(own).toEqual(own.toSorted((a, b) => Number(a) - Number(b)));
    }
  });
});

it('refuses an event for a group that is not there: it becomes a dead letter of the relay', async () => {
  const event = labelled('u', 1);
  await bus.publish(event, { group: 'late' });
  await eventually(() => harness.deadLetters('relay').then((letters) => letters.map(({ eventId, reason }) => [eventId, reason])), [
    [event.event_id, 'not_found'],
    [event.event_id, 'not_found'],
  ]);
});
