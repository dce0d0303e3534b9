import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemsIn } from '../../src/bell/kept.ts';
import type { BellEvent, Item } from '../../src/bell/state/item.ts';
import { EMPTY, MOST, reduce, unreadOf } from '../../src/bell/state/reduce.ts';

const item = (id: string, fields: Partial<Item> = {}): Item => ({
  id,
  topic: 'note',
  title: `Title of ${id}`,
  body: '',
  at: '2026-11-21T10:00:00.000Z',
  href: null,
  read: false,
  delivery: null,
  ...fields,
});
const came = (id: string, fields: Partial<Item> = {}, seen = false): BellEvent => ({ type: 'came', item: item(id, fields), seen });
const after = (...events: BellEvent[]) => events.reduce(reduce, EMPTY);

describe('the bell', () => {
  it('shows the newest first, whatever comes first', () => {
    const bell = after(came('old', { at: '2026-11-21T09:00:00.000Z' }), came('new', { at: '2026-11-21T11:00:00.000Z' }), came('middle'));
    expect(bell.items.map(({ id }) => id)).toEqual(['new', 'middle', 'old']);
  });

  it('takes what comes twice as one, and leaves it read', () => {
    const bell = after(came('a'), { type: 'read', id: 'a' }, came('a', { at: '2026-11-22T10:00:00.000Z' }));
    expect(bell.items).toEqual([item('a', { read: true })]);
  });

  it('counts nothing that somebody looks at as it comes', () => {
    expect(unreadOf(after(came('a', {}, true), came('b')))).toBe(1);
  });

  it('gets its texts later where a template makes them, once', () => {
    const told: BellEvent = { type: 'status', id: 'a', title: 'Your parcel is here', body: 'At the door.', delivery: 'Sent by email' };
    expect(after(came('a', { title: null }), told).items[0]).toMatchObject({ title: 'Your parcel is here', body: 'At the door.', delivery: 'Sent by email', read: false });
    expect(after(came('a', { title: null }), came('a', { title: 'From the log', body: 'x' })).items[0]).toMatchObject({ title: 'From the log', body: 'x' });
    expect(after(told).items).toEqual([]);
  });

  it('has nothing to tell another tab that knows as much, in whatever order', () => {
    const one = after(came('a'), came('b'), { type: 'read', id: 'a' });
    const other = after(came('b'), came('a'), { type: 'read', id: 'a' });
    expect(reduce(one, { type: 'restored', items: other.items })).toBe(one);
    const full = after(...Array.from({ length: MOST }, (_, i) => came(`n${i}`)));
    expect(reduce(full, { type: 'restored', items: [item('one more')] })).toBe(full);
  });

  it('keeps no more than it shows, for ever read what was read in any tab', () => {
    const event = fc.oneof(
      fc.record({ id: fc.nat(70).map(String), minute: fc.nat(59), seen: fc.boolean() }).map(({ id, minute, seen }) => came(id, { at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() }, seen)),
      fc.nat(70).map((id): BellEvent => ({ type: 'read', id: String(id) })),
      fc.constant<BellEvent>({ type: 'read_all' }),
      fc.array(fc.nat(70), { maxLength: 5 }).map((ids): BellEvent => ({ type: 'restored', items: ids.map((id) => item(String(id), { read: true })) })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        let bell = EMPTY;
        for (const one of events) {
          const next = reduce(bell, one);
          const ids = next.items.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids.length).toBeLessThanOrEqual(MOST);
          expect(next.items.map(({ at }) => at)).toEqual(next.items.map(({ at }) => at).toSorted().toReversed());
          for (const { id, read } of bell.items) if (read) expect(next.items.find((known) => known.id === id)?.read ?? true).toBe(true);
          bell = next;
        }
      }),
    );
  });
});

it('reads back what was kept, and leaves out what is damaged', () => {
  expect(itemsIn(JSON.stringify([item('a'), { ...item('b'), href: 'javascript:alert(1)' }, { ...item('c'), at: 'soon' }, null, 7]))).toEqual([item('a')]);
  expect(itemsIn('{')).toEqual([]);
  expect(itemsIn('{}')).toEqual([]);
  expect(itemsIn(null)).toEqual([]);
});
