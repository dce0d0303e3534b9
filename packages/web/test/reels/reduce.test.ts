import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isReelId } from '../../src/reels/reel-id.ts';
import { reduce } from '../../src/reels/state/reduce.ts';
import { newReel, type Comment, type Counters, type Reel, type ReelEvent } from '../../src/reels/state/reel.ts';
import { countInWords } from '../../src/reels/words.ts';

const after = (...events: ReelEvent[]): Reel => events.reduce(reduce, newReel('r1'));
const counters = (revision: number, comments = 0): Counters => ({ likes: revision * 10, comments, shares: 0, views: 0, revision });
const comment = (id: string): Comment => ({ id, user_id: 'ann', content: `Comment ${id}`, created_at: '2026-11-21T04:00:00.000Z' });
const joined = (told: Counters, comments: Comment[] = []): ReelEvent => ({
  type: 'joined',
  reply: { counters: told, liked: false, updates: comments.map((one) => ({ id: one.id, update_data: { comment: one, comments: 1 } })) },
});
const updated = (data: Record<string, unknown>): ReelEvent => ({ type: 'updated', update: { id: 'u', update_data: data } });

it('never counts back, in whatever order the totals come', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('joined', 'updated', 'done'), fc.nat(20)), { minLength: 1 }), (told) => {
      let likes = 0;
      let reel = newReel('r1');
      for (const [type, revision] of told) {
        if (type === 'joined') reel = reduce(reel, joined(counters(revision)));
        else if (type === 'updated') reel = reduce(reel, updated({ counters: counters(revision), likes: 1 }));
        else reel = reduce(reel, { type: 'done', done: { counters: counters(revision), liked: true } });
        expect(reel.counters!.likes).toBeGreaterThanOrEqual(likes);
        likes = reel.counters!.likes;
      }
      expect(likes).toBe(Math.max(...told.map(([, revision]) => revision)) * 10);
    }),
  );
});

it('shows each comment once, in their order, and knows when one is missing', () => {
  const one = after(joined(counters(1, 1), [comment('01')]), { type: 'done', done: { counters: counters(2, 2), comment: comment('02') } });
  const told = reduce(one, updated({ comments: 1, comment: comment('02'), counters: counters(2, 2) }));
  expect(told.comments.map(({ id }) => id)).toEqual(['01', '02']);
  expect(told.gap).toBe(false);

  const merged = reduce(told, updated({ comments: 3, comment: comment('05'), counters: counters(3, 5) }));
  expect(merged.gap).toBe(true);
  const filled = reduce(merged, { type: 'listed', updates: ['05', '04', '03'].map((id) => ({ id, update_data: { comment: comment(id) } })) });
  expect(filled.comments.map(({ id }) => id)).toEqual(['01', '02', '03', '04', '05']);
  expect(filled.gap).toBe(false);
  expect(reduce(reduce(filled, { type: 'lost' }), joined(counters(9, 30), [comment('30')])).gap).toBe(true);
});

it('takes nothing that has another shape: updates are of the backend’s making as well', () => {
  const reel = after(joined(counters(1)));
  for (const data of [{ comment: 'hello' }, { comment: { id: 5 } }, { counters: { likes: 'many' } }, { counters: null }, { title: 'Sunset', trending: true }]) {
    expect(reduce(reel, updated(data))).toEqual(reel);
  }
});

it('keeps the latest 50 comments', () => {
  const ids = Array.from({ length: 70 }, (_, i) => String(i).padStart(3, '0'));
  const reel = after(joined(counters(1)), ...ids.map((id) => updated({ comment: comment(id), comments: 1 })));
  expect(reel.comments.map(({ id }) => id)).toEqual(ids.slice(20));
});

it('knows ids and numbers', () => {
  expect(['sunset-42', '_a.b', 'x'.repeat(128)].every(isReelId)).toBe(true);
  expect(['', '-1', '..', 'a b', 'ä', 'x'.repeat(129)].some(isReelId)).toBe(false);
  expect([7, 12_345, 1_234_567].map(countInWords)).toEqual(['7', '12,345', '1.2M']);
});
