import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noHuddles, type HuddleEvent, type Huddles, type Participant } from '../../src/huddles/state/huddle.ts';
import { reduce } from '../../src/huddles/state/reduce.ts';
import { huddleName, overInWords } from '../../src/huddles/words.ts';

const person = (userId: string, ref: string, fields: Partial<Participant> = {}): Participant => ({
  userId,
  ref,
  audio: true,
  video: true,
  screen: false,
  hand: false,
  connected: true,
  joinedAt: '2026-11-21T04:00:00.000Z',
  ...fields,
});
const huddle = { huddleId: 'h1', name: 'Tea', maxParticipants: 4, createdBy: 'ann' };
const joined = (...participants: Participant[]): HuddleEvent => ({ type: 'joined', reply: { huddle, participants } });
const after = (...events: HuddleEvent[]): Huddles => [{ type: 'joining', id: 'h1' } as const, ...events].reduce<Huddles>(reduce, noHuddles('ann'));
const me = person('ann', 'a1');
const bob = person('bob', 'b1');

it('shows a late joiner all the others, and who comes, changes and goes', () => {
  const state = after(joined(me, bob), { type: 'came', participant: person('cid', 'c1') }, { type: 'changed', participant: { ...bob, hand: true, audio: false } });
  expect(state.huddle).toMatchObject({ phase: 'in', ref: 'a1' });
  expect(state.huddle?.others.map(({ userId, hand }) => [userId, hand])).toEqual([['bob', true], ['cid', false]]);
  expect(reduce(state, { type: 'went', ref: 'b1' }).huddle?.others.map(({ userId }) => userId)).toEqual(['cid']);
});

it('offers to those who were there before, and waits for those who come', () => {
  const state = after(joined(bob, me, person('cid', 'c1')), { type: 'came', participant: person('dan', 'd1') });
  expect(state.huddle?.earlier).toEqual(['b1']);
  expect(reduce(state, joined(bob, person('cid', 'c1'), person('ann', 'a2'))).huddle?.earlier).toEqual(['b1', 'c1']);
});

it('forgets the connection to a place that is given up, and all of them with its own', () => {
  const linked = after(joined(me, bob), { type: 'link', ref: 'b1', state: 'connected' });
  expect(linked.huddle?.links).toEqual({ b1: 'connected' });
  const moved = reduce(linked, { type: 'came', participant: person('bob', 'b2') });
  expect(moved.huddle?.others.map(({ ref }) => ref)).toEqual(['b2']);
  expect(moved.huddle?.links).toEqual({});
  expect(reduce(moved, { type: 'went', ref: 'b1' }).huddle?.others).toHaveLength(1);
  expect(reduce(linked, joined(me, bob)).huddle?.links).toEqual({ b1: 'connected' });
  expect(reduce(linked, joined(person('ann', 'a2'), bob)).huddle?.links).toEqual({});
});

it('says why it is over, but not to who left', () => {
  const over = reduce(after(joined(me)), { type: 'over', why: { left: 'elsewhere' } });
  expect(over).toMatchObject({ huddle: null, over: { id: 'h1', why: { left: 'elsewhere' } } });
  expect(reduce(over, { type: 'over', why: { left: 'left' } })).toBe(over);
  expect(overInWords({ left: 'left' })).toBeNull();
  expect(overInWords({ refused: { reason: 'huddle_full' } })).toContain('full');
  expect(huddleName(null, ['bob', 'cid'])).toBe('Huddle of bob and cid');
});

it('has every user once, never oneself, and no connection to nobody', () => {
  const anyone = fc.record({ userId: fc.constantFrom('ann', 'bob', 'cid'), n: fc.integer({ min: 1, max: 2 }) }).map(({ userId, n }) => person(userId, `${userId}${n}`));
  const anyEvent: fc.Arbitrary<HuddleEvent> = fc.oneof(
    fc.uniqueArray(anyone, { selector: ({ userId }) => userId }).map((others) => joined(...others)),
    anyone.map((participant): HuddleEvent => ({ type: 'came', participant })),
    anyone.map((participant): HuddleEvent => ({ type: 'changed', participant })),
    anyone.map(({ ref }): HuddleEvent => ({ type: 'went', ref })),
    anyone.map(({ ref }): HuddleEvent => ({ type: 'link', ref, state: 'connected' })),
    fc.constant<HuddleEvent>({ type: 'away' }),
  );
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
      const { others, links } = after(...events).huddle!;
      const users = others.map(({ userId }) => userId);
      expect(new Set(users).size).toBe(users.length);
      expect(users).not.toContain('ann');
      for (const ref of Object.keys(links)) expect(others.some((one) => one.ref === ref)).toBe(true);
    }),
  );
});
