import { silentLog } from '@armoricore/shared/kernel';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeReelUpdate } from '../../src/adapters/reel-protobuf.ts';
import type { ReelUpdate } from '../../src/contracts/index.ts';
import { isCounter, PRIORITIES, updateData } from '../../src/contracts/reel-fields.ts';
import { createBatchWriter } from '../../src/domain/batch-writer.ts';
import { UpdateMerger, type Merged } from '../../src/domain/reel-merge.ts';
import { createReelWindows } from '../../src/domain/reel-windows.ts';
import { decodeBatch } from '../support/reel.ts';

let made = 0;
const update = (update_data: ReelUpdate['update_data'], more: Partial<ReelUpdate> = {}): ReelUpdate => ({
  id: `id-${(made += 1)}`, reel_id: 'r', update_data, target_users: [], target_channel: null, timestamp: made, priority: 'normal', ...more,
});

const key = fc.constantFrom('likes', 'views', 'gift_delta', 'title', 'state', 'a', 'b');
const value = (name: string): fc.Arbitrary<string | number> => (isCounter(name) ? fc.integer({ min: -5, max: 50 }) : fc.string({ maxLength: 40 }));
const data = fc.uniqueArray(key, { minLength: 1, maxLength: 4 }).chain((keys) => fc.record(Object.fromEntries(keys.map((name) => [name, value(name)]))));
const priority = fc.constantFrom(...PRIORITIES);
const anUpdate = fc.tuple(data, priority).map(([said, how]) => update(said, { priority: how }));

/** What a client has that applied updates in their order. */
function applied(updates: readonly ReelUpdate[]): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  for (const { update_data } of updates) {
    for (const [name, said] of Object.entries(update_data)) state[name] = isCounter(name) ? ((state[name] as number | undefined) ?? 0) + (said as number) : said;
  }
  return state;
}

function takeAll(merger: UpdateMerger): Merged[] {
  const all: Merged[] = [];
  for (let merged = merger.take(); merged !== null; merged = merger.take()) all.push(merged);
  return all;
}

describe('merging', () => {
  it('leaves a client with what it would have got one by one, whatever is taken when and how little fits in a frame', () => {
    const step = fc.oneof({ weight: 4, arbitrary: anUpdate }, { weight: 1, arbitrary: fc.constant('take' as const) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 400 }), (steps, frame) => {
        const merger = new UpdateMerger({ frame, waiting: 1e6 });
        const got: Merged[] = [];
        for (const one of steps) {
          if (one !== 'take') expect(merger.add(one)).toBe(0);
          else if (!merger.isEmpty) got.push(merger.take()!);
        }
        got.push(...takeAll(merger));
        const given = steps.filter((one) => one !== 'take');
        expect(applied(got.map((merged) => merged.update))).toEqual(applied(given));
        expect(got.reduce((sum, { count }) => sum + count, 0)).toBe(given.length);
      }),
      { numRuns: 500 },
    );
  });

  it('has the id and the time of the newest, the highest priority, and about the bytes of the single frames', () => {
    const merger = new UpdateMerger();
    const all = [update({ likes: 1, title: 'old' }, { priority: 'high' }), update({ likes: 2, title: 'new' }, { priority: 'low' }), update({ likes: -1 })];
    for (const one of all) merger.add(one);
    const merged = merger.take()!;
    expect(merged.update).toEqual({ ...all[2], update_data: { likes: 2, title: 'new' }, priority: 'high' });
    const single = all.map((one) => JSON.stringify([null, null, 'reel:r', 'reel_update', { ...one, id: 'x'.repeat(36), timestamp: 1_790_000_000_000 }]).length).reduce((a, b) => a + b);
    expect(Math.abs(merged.bytes - single)).toBeLessThan(30);
  });

  it('takes the most urgent values first when not all fit', () => {
    const merger = new UpdateMerger({ frame: 30, waiting: 1e6 });
    merger.add(update({ a: 'x'.repeat(20) }, { priority: 'low' }));
    merger.add(update({ b: 'y'.repeat(20) }, { priority: 'urgent' }));
    expect(takeAll(merger).map((merged) => [Object.keys(merged.update.update_data), merged.update.priority])).toEqual([[['b'], 'urgent'], [['a'], 'low']]);
  });

  it('drops the least urgent values when too much waits, and never a count', () => {
    fc.assert(
      fc.property(fc.array(anUpdate, { maxLength: 60 }), fc.integer({ min: 50, max: 300 }), (given, waiting) => {
        const merger = new UpdateMerger({ frame: 1e6, waiting });
        for (const one of given) merger.add(one);
        const left = applied(takeAll(merger).map((merged) => merged.update));
        const all = applied(given);
        for (const [name, said] of Object.entries(all)) if (isCounter(name)) expect(left[name]).toBe(said);
      }),
    );
    const merger = new UpdateMerger({ frame: 1e6, waiting: 100 });
    const dropped = ['high', 'low', 'normal'].map((how, i) => merger.add(update({ [`k${i}`]: 'x'.repeat(40) }, { priority: how as 'low' })));
    expect([dropped, Object.keys(merger.take()!.update.update_data)]).toEqual([[0, 0, 1], ['k0', 'k2']]);
  });
});

describe('windows', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const windowsOf = (windowMs: number) => {
    const sent: { topic: string; update: ReelUpdate }[] = [];
    return { sent, windows: createReelWindows({ windowMs, publish: (topic, merged) => void sent.push({ topic, update: merged.update }) }) };
  };

  it('make one update of each window, reel and audience', () => {
    const { sent, windows } = windowsOf(100);
    windows.add(update({ likes: 1 }));
    vi.advanceTimersByTime(60);
    windows.add(update({ likes: 2 }));
    windows.add(update({ secret: 1 }, { target_users: ['anna'] }));
    windows.add(update({ note: 1 }, { target_channel: 'user:anna' }));
    windows.add(update({ likes: 5 }, { reel_id: 'other' }));
    vi.advanceTimersByTime(39);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent.map(({ topic, update: { update_data, target_users } }) => [topic, update_data, target_users])).toEqual([
      ['reel:r', { likes: 3 }, []],
      ['reel:r', { secret: 1 }, ['anna']],
    ]);
    vi.advanceTimersByTime(100);
    expect(sent.slice(2).map(({ topic }) => topic)).toEqual(['user:anna', 'reel:other']);
    windows.add(update({ likes: 1 }));
    vi.advanceTimersByTime(100);
    expect(sent).toHaveLength(5);
  });

  it('let an urgent update out at once, with what came before it', () => {
    const { sent, windows } = windowsOf(100);
    windows.add(update({ likes: 1, state: 'live' }));
    windows.add(update({ state: 'ended' }, { priority: 'urgent' }));
    expect(sent.map((one) => [one.update.update_data, one.update.priority])).toEqual([[{ likes: 1, state: 'ended' }, 'urgent']]);
    vi.advanceTimersByTime(500);
    expect(sent).toHaveLength(1);
  });

  it('of no length send each by itself; the end sends what waits', () => {
    const none = windowsOf(0);
    for (let i = 0; i < 3; i += 1) none.windows.add(update({ likes: 1 }));
    expect(none.sent).toHaveLength(3);
    const { sent, windows } = windowsOf(100);
    windows.add(update({ likes: 1 }));
    windows.flush();
    vi.advanceTimersByTime(500);
    expect(sent).toHaveLength(1);
  });
});

it('what is written as Protobuf is what the published file describes', () => {
  const text = fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed());
  const said = fc.dictionary(text.filter((name) => name !== '__proto__'), fc.oneof(text, fc.integer(), fc.boolean(), fc.constant<ReelUpdate['update_data'][string]>({ a: [1, null] })));
  fc.assert(
    fc.property(said, fc.array(text), fc.option(text.filter((one) => one !== '')), priority, fc.nat({ max: 2 ** 52 }), (update_data, target_users, target_channel, how, timestamp) => {
      const one = update(update_data, { target_users, target_channel, priority: how, timestamp });
      const [decoded, ...more] = decodeBatch(encodeReelUpdate(one));
      const texts = Object.fromEntries(Object.entries(update_data).map(([name, told]) => [name, typeof told === 'string' ? told : JSON.stringify(told)]));
      expect(decoded).toEqual({
        id: one.id, reelId: 'r', updateData: texts, targetUsers: target_users, targetChannel: target_channel ?? '', timestamp, priority: `PRIORITY_${how.toUpperCase()}`,
      });
      expect(more).toEqual([]);
    }),
  );
  expect(() => decodeBatch(Uint8Array.from([10, 200, 1]))).toThrow();
});

it('with a spacing the first of a burst is written at once, and the others together', async () => {
  const batches: number[] = [];
  const log = { append: async (drafts: readonly { n: number }[]) => (batches.push(drafts.length), [...drafts]) };
  const { write } = createBatchWriter({ log, announce: () => undefined, what: 'a number', logger: silentLog, spacingMs: 200 });
  await write({ n: 0 });
  const rest: Promise<{ n: number }>[] = [];
  for (let n = 1; n <= 20; n += 1) {
    rest.push(write({ n }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await Promise.all(rest)).map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(batches[0]).toBe(1);
  expect(batches.length).toBeLessThan(5);
});

it('update_data takes what can be merged, stored and shown, and nothing else', () => {
  const takes = (said: unknown): boolean => updateData.safeParse(said).success;
  expect([{ likes: 3 }, { title: 'x', state: { a: [1, null] } }, { gift_delta: -2 }].map(takes)).toEqual([true, true, true]);
  const wrong = [{}, [], 'x', { likes: '3' }, { likes: 1.5 }, { views: 1e15 }, { gift_delta: null }, { '': 1 }, { __proto__x: 1 }, JSON.parse('{"__proto__": 1}'), { 'a b': 1 }, { a: 'x\0' }, { a: '\uD800' }, { a: 'x'.repeat(20_000) }];
  for (const said of wrong) expect([said, takes(said)]).toEqual([said, false]);
  expect(takes(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 1])))).toBe(false);
  expect(takes({ a: JSON.parse('['.repeat(20) + ']'.repeat(20)) })).toBe(false);
});
