import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { batched } from '../../src/kernel/index.ts';

/** As many turns of the event loop as a batch needs to begin, and more. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

/** A wait that no test lasts. */
const NOT_REACHED_MS = 60_000;

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
    const ask = batched({ max: 10, enough: 2, gatherMs: NOT_REACHED_MS, parallel: 2 }, work);
    const all = [ask(0), ask(1)];
    await waitFor(() => begun.length === 1);
    all.push(ask(2));
    await turns();
    expect(begun).toHaveLength(1);
    all.push(ask(3));
    await waitFor(() => begun.length === 2);
    all.push(ask(4), ask(5), ask(6));
    await turns();
    expect(begun.map(({ batch }) => batch)).toEqual([[0, 1], [2, 3]]);
    begun[1]!.done.resolve();
    expect(await Promise.all(all.slice(2, 4))).toEqual(['answer 2', 'answer 3']);
    await waitFor(() => begun.length === 3);
    begun[0]!.done.resolve();
    begun[2]!.done.resolve();
    expect(await Promise.all(all)).toHaveLength(7);
  });

  it('lets one that is alone wait for company no longer than told', async () => {
    const { begun, work } = heldWork();
    const ask = batched({ max: 10, enough: 2, gatherMs: 1 }, work);
    void ask(0);
    await waitFor(() => begun.length === 1);
    expect(begun[0]!.batch).toEqual([0]);
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
