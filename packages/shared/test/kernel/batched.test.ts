import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { batched } from '../../src/kernel/index.ts';

/** Work that is done when the test says so. */
function heldWork() {
  const begun: { batch: readonly number[]; done: PromiseWithResolvers<void> }[] = [];
  const work = async (batch: readonly number[]): Promise<string[]> => {
    const done = Promise.withResolvers<void>();
    begun.push({ batch, done });
    await done.promise;
    return batch.map((item) => `answer ${item}`);
  };
  return { begun, work };
}

describe('a batched function', () => {
  it('works for the callers of a turn together, and gives each its own answer', async () => {
    const batches: (readonly number[])[] = [];
    const ask = batched<number, number>({ max: 10 }, async (batch) => {
      batches.push(batch);
      return batch.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2, 3].map(ask))).toEqual([2, 4, 6]);
    expect(await ask(4)).toBe(8);
    expect(batches).toEqual([[1, 2, 3], [4]]);
  });

  it('collects what comes while a batch is worked on, and makes none larger than allowed', async () => {
    const { begun, work } = heldWork();
    const ask = batched({ max: 3 }, work);
    const first = ask(0);
    await turn();
    const rest = [1, 2, 3, 4].map(ask);
    await turn();
    expect(begun.map(({ batch }) => batch)).toEqual([[0]]);
    for (let i = 0; i < 3; i++) {
      begun[i]!.done.resolve();
      await turn();
      await turn();
    }
    expect(begun.map(({ batch }) => batch)).toEqual([[0], [1, 2, 3], [4]]);
    expect(await Promise.all([first, ...rest])).toEqual([0, 1, 2, 3, 4].map((item) => `answer ${item}`));
  });

  it('begins a further batch beside one that takes long when enough wait for it, and no more than allowed', async () => {
    const { begun, work } = heldWork();
    const ask = batched({ max: 10, enough: 2, gatherMs: 1, parallel: 2 }, work);
    const all = [ask(0), ask(1)];
    await turn();
    all.push(ask(2));
    await turn();
    expect(begun).toHaveLength(1);
    all.push(ask(3));
    await turn();
    all.push(ask(4), ask(5), ask(6));
    await turn();
    expect(begun.map(({ batch }) => batch)).toEqual([[0, 1], [2, 3]]);
    begun[1]!.done.resolve();
    expect(await Promise.all(all.slice(2, 4))).toEqual(['answer 2', 'answer 3']);
    await turn();
    begun[0]!.done.resolve();
    begun[2]!.done.resolve();
    expect(await Promise.all(all)).toHaveLength(7);
  });

  it('fails for the one that is to blame, and for no other', async () => {
    const ask = batched<number, number>({ max: 10 }, async (batch) => {
      if (batch.includes(13)) throw new Error('thirteen');
      return batch;
    });
    const [one, blamed, two] = await Promise.allSettled([1, 13, 2].map(ask));
    expect([one, two]).toEqual([1, 2].map((value) => ({ status: 'fulfilled', value })));
    expect(blamed).toMatchObject({ status: 'rejected', reason: { message: 'thirteen' } });
  });
});
