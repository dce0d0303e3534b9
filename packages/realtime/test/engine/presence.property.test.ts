import fc from 'fast-check';
import { Presence } from 'phoenix';
import { expect, it } from 'vitest';
import { TopicPresence, type PresenceDiff, type Presences } from '../../src/engine/presence/state.ts';

const owner = fc.constantFrom('owner-1', 'owner-2', 'owner-3');
const key = fc.constantFrom('anna', 'ben', '', '__proto__', 'constructor');
const meta = fc.record({ status: fc.constantFrom('online', 'away') });

type Step = { do: 'track' | 'update'; owner: string; key: string; meta: object } | { do: 'untrack'; owner: string; key: string } | { do: 'leave'; owner: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('track' as const, 'update' as const), owner, key, meta }),
  fc.record({ do: fc.constant('untrack' as const), owner, key }),
  fc.record({ do: fc.constant('leave' as const), owner }),
);

function apply(presence: TopicPresence, taken: Step, ref: string): PresenceDiff | null {
  if (taken.do === 'leave') return presence.leave(taken.owner);
  if (taken.do === 'untrack') return presence.untrack(taken.owner, taken.key);
  return presence[taken.do](taken.owner, taken.key, taken.meta, ref);
}

/** As it comes over the wire. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
/** Metas by key; several under one key have no order. */
const byKey = (presences: Presences): unknown[] =>
  Object.keys(presences)
    .toSorted()
    .map((name) => [name, presences[name]!.metas.toSorted((a, b) => (a.phx_ref < b.phx_ref ? -1 : 1))]);

it('keeps what a simple model keeps: one meta per owner and key', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const presence = new TopicPresence();
      const model = new Map<string, object>();
      for (const [index, taken] of steps.entries()) {
        const id = (name: string): string => JSON.stringify([taken.owner, name]);
        const mine = [...model.keys()].filter((entry) => JSON.parse(entry)[0] === taken.owner);
        const diff = apply(presence, taken, String(index));
        if (taken.do === 'leave') {
          expect(diff === null).toBe(mine.length === 0);
          for (const entry of mine) model.delete(entry);
        } else {
          expect(diff === null).toBe(taken.do === 'track' ? model.has(id(taken.key)) : !model.has(id(taken.key)));
          if (taken.do === 'untrack') model.delete(id(taken.key));
          else if (diff !== null) model.set(id(taken.key), taken.meta);
        }
        const listed = Object.entries(presence.list()).flatMap(([name, { metas }]) => metas.map((found) => `${name} ${String(found['status'])}`));
        const expected = [...model].map(([entry, found]) => `${JSON.parse(entry)[1]} ${(found as { status: string }).status}`);
        expect(listed.toSorted()).toEqual(expected.toSorted());
        expect(presence.empty).toBe(model.size === 0);
      }
    }),
    { numRuns: 500 },
  );
});

// Clients keep presences in plain objects: a key `__proto__` is lost on them, with Phoenix, too.
it('gives diffs by which phoenix.js ends with the same list, whenever it got the state', () => {
  const steps = fc.array(step.filter((taken) => !('key' in taken) || taken.key === 'anna' || taken.key === 'ben'), { maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.nat({ max: 40 }), (taken, joinedAt) => {
      const presence = new TopicPresence();
      let client: any = null;
      for (const [index, each] of taken.entries()) {
        if (index === joinedAt) client = Presence.syncState({}, sent(presence.list()) as any);
        const diff = apply(presence, each, String(index));
        if (client !== null && diff !== null) client = Presence.syncDiff(client, sent(diff) as any);
      }
      if (client !== null) expect(byKey(client)).toEqual(byKey(sent(presence.list())));
    }),
    { numRuns: 1_000 },
  );
});

it('names the old ref in an update, and shows the changed meta alone', () => {
  const presence = new TopicPresence();
  presence.track('laptop', 'anna', { status: 'online' }, 'a');
  presence.track('phone', 'anna', { status: 'online' }, 'b');
  expect(presence.update('phone', 'anna', { status: 'away' }, 'c')).toEqual({
    joins: { anna: { metas: [{ status: 'away', phx_ref: 'c', phx_ref_prev: 'b' }] } },
    leaves: { anna: { metas: [{ status: 'online', phx_ref: 'b' }] } },
  });
  expect(presence.list()).toEqual({
    anna: { metas: [{ status: 'online', phx_ref: 'a' }, { status: 'away', phx_ref: 'c', phx_ref_prev: 'b' }] },
  });
});
