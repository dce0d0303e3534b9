import { AppError } from '@armoricore/shared/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, keyOf, type Ground, type InteractionDraft, type Written } from '../../src/domain/reel-fold.ts';

describe('counting', () => {
  const draft = fc.record({
    kind: fc.constant('interaction' as const),
    type: fc.constantFrom('like', 'unlike', 'share', 'view'),
    reelId: fc.constantFrom('a', 'b', 'nowhere'),
    userId: fc.constantFrom('anna', 'ben'),
    clientInteractionId: fc.option(fc.constantFrom('1', '2', '3', '4')),
  }) as fc.Arbitrary<InteractionDraft>;

  const emptyReel = () => ({ likes: 0, comments: 0, shares: 0, views: 0, revision: 0, lastSeq: 0 });

  it('in batches is as counting one by one; what is told adds up to the totals', () => {
    fc.assert(
      fc.property(fc.array(fc.array(draft, { maxLength: 12 }), { maxLength: 8 }), (batches) => {
        // What the tables hold.
        const reels = new Map([['a', emptyReel()], ['b', emptyReel()]]);
        const hearts = new Map<string, { likes: number; liked: boolean }>();
        const known: Ground['known'] = new Map();
        const told: Written[] = [];
        for (const batch of batches) {
          const taken = new Set(batch.filter(({ type }) => type === 'unlike').map(({ reelId, userId }) => keyOf(reelId, userId)));
          const ground = { reels: new Map([...reels].map(([id, reel]) => [id, { ...reel }])), known: new Map(known), hearts: new Map([...hearts].filter(([name]) => taken.has(name))) };
          const { outcomes, changes } = fold(batch, ground);
          for (const [i, outcome] of outcomes.entries()) expect(outcome instanceof AppError).toBe(batch[i]!.reelId === 'nowhere');
          told.push(...outcomes.filter((outcome): outcome is Written => !(outcome instanceof AppError)));
          for (const [id, reel] of changes.reels) reels.set(id, reel);
          for (const { reelId, userId, likes, liked } of changes.hearts) hearts.set(keyOf(reelId, userId), { likes: (hearts.get(keyOf(reelId, userId))?.likes ?? 0) + likes, liked });
          for (const { reelId, userId, clientInteractionId } of changes.named) known.set(keyOf(reelId, userId, clientInteractionId), null);
        }
        const model = oneByOne(batches.flat());
        for (const [id, { likes, shares, views }] of reels) {
          expect({ likes, shares, views }).toEqual(model.totals[id]);
          const said = told.filter(({ update: one }) => one?.reel_id === id).map(({ update: one }) => one!);
          for (const counter of ['likes', 'shares', 'views'] as const) expect(said.reduce((sum, { update_data }) => sum + ((update_data[counter] as number) ?? 0), 0)).toBe({ likes, shares, views }[counter]);
          expect(likes).toBe([...hearts].filter(([name]) => name.startsWith(`["${id}"`)).reduce((sum, [, mine]) => sum + mine.likes, 0));
        }
        for (const [name, { liked }] of hearts) expect(liked).toBe(model.liked.get(name));
      }),
      { numRuns: 300 },
    );
  });

  function oneByOne(drafts: readonly InteractionDraft[]) {
    const totals: Record<string, { likes: number; shares: number; views: number }> = { a: { likes: 0, shares: 0, views: 0 }, b: { likes: 0, shares: 0, views: 0 } };
    const liked = new Map<string, boolean>();
    const seen = new Set<string>();
    for (const { type, reelId, userId, clientInteractionId } of drafts) {
      const total = totals[reelId];
      const name = keyOf(reelId, userId, clientInteractionId ?? '');
      if (total === undefined || (clientInteractionId !== null && seen.has(name))) continue;
      if (clientInteractionId !== null) seen.add(name);
      const mine = keyOf(reelId, userId);
      if (type === 'like') total.likes += 1;
      else if (type === 'unlike' && liked.get(mine) === true) total.likes -= 1;
      else if (type === 'share') total.shares += 1;
      else if (type === 'view') total.views += 1;
      if (type === 'like' || type === 'unlike') liked.set(mine, type === 'like');
    }
    return { totals, liked };
  }
});
