import { expect, it } from 'vitest';
import { createAudience } from '../../src/domain/comments-audience.ts';
import type { NodeCounts } from '../../src/domain/comments-counts.ts';
import { shareRuns } from '../../src/domain/comments-snapshots.ts';

interface Node {
  audience: ReturnType<typeof createAudience>;
  tracked: string[];
  shown: string[];
  told: string[];
  join(user: string, now: number): () => void;
}

/** Nodes that hear each other at once, with a limit of ten. */
function cluster(size: number): Node[] {
  const nodes: Node[] = [];
  for (let i = 0; i < size; i += 1) {
    const tracked: string[] = [];
    const shown: string[] = [];
    const told: string[] = [];
    let at = 0;
    const audience = createAudience({
      presenceMax: 10,
      tellHere: (_stream, event, payload) => told.push(event === 'viewers' ? `viewers ${(payload as { count: number }).count}` : 'list'),
      tellNodes: (counts) => {
        const heard: NodeCounts = { node: `node-${i}`, counts };
        for (const [other, { audience: ears }] of nodes.entries()) if (other !== i) ears.hear(heard, at);
      },
    });
    const look = audience.look;
    audience.look = (now) => {
      at = now;
      look(now);
    };
    const join = (user: string, now: number): (() => void) =>
      audience.enter('s', { track: () => tracked.push(user), showList: () => shown.push(user), list: () => ({}) }, now);
    nodes.push({ audience, tracked, shown, told, join });
  }
  return nodes;
}

it('in a storm of joins no more than the limit are shown one by one, and the number is told once a second', () => {
  const [node] = cluster(1);
  for (let i = 0; i < 1_000; i += 1) node!.join(`${i}`, i);
  expect(node!.tracked).toHaveLength(10);
  expect(node!.shown).toHaveLength(10);
  expect(node!.told).toEqual(['viewers 11']);
  for (let now = 1_000; now <= 4_000; now += 250) node!.audience.look(now);
  expect(node!.told).toEqual(['viewers 11', 'viewers 1000']);
  expect(node!.audience.isListed('s')).toBe(false);
});

it('between the two limits all stays as it was; below them the list is made first and shown then', () => {
  const [node] = cluster(1);
  const leave = Array.from({ length: 11 }, (_, i) => node!.join(`${i}`, 0));
  node!.told.splice(0);
  leave.splice(0, 2).forEach((one) => one());
  for (let now = 1_000; now <= 3_000; now += 250) node!.audience.look(now);
  expect(node!.told).toEqual(['viewers 9']);
  expect(node!.tracked).toHaveLength(10);
  leave.shift()!();
  node!.audience.look(4_000);
  expect(node!.tracked).toHaveLength(11); // The one that came when it was too many.
  expect(node!.audience.isListed('s')).toBe(false);
  node!.audience.look(5_000);
  expect(node!.audience.isListed('s')).toBe(true);
  expect(node!.told).toEqual(['viewers 9', 'viewers 8', 'list']);
  node!.join('new', 5_000);
  expect(node!.shown.at(-1)).toBe('new');
});

it('nodes are of one mind, count each other in, and forget one that dies', () => {
  const [one, two] = cluster(2);
  Array.from({ length: 8 }, (_, i) => one!.join(`a${i}`, 0));
  const leave = Array.from({ length: 8 }, (_, i) => two!.join(`b${i}`, 0));
  for (let now = 250; now <= 2_500; now += 250) for (const { audience } of [one!, two!]) audience.look(now);
  for (const { audience, told } of [one!, two!]) {
    expect(audience.total('s')).toBe(16);
    expect(audience.isListed('s')).toBe(false);
    expect(told.at(-1)).toBe('viewers 16');
  }
  leave.forEach((one_) => one_());
  two!.audience.look(2_750);
  one!.audience.look(2_750);
  expect(one!.audience.total('s')).toBe(8);
  // A node that opens the stream between the limits does as the others do.
  const [three, four] = cluster(2);
  const gone = Array.from({ length: 11 }, (_, i) => three!.join(`c${i}`, 0));
  gone.slice(0, 2).forEach((one_) => one_());
  three!.audience.look(250);
  four!.join('d', 300);
  expect(four!.audience.isListed('s')).toBe(false);
  // The third says nothing any more.
  for (let now = 500; now <= 7_500; now += 250) four!.audience.look(now);
  expect(four!.audience.total('s')).toBe(1);
});

it('many who ask for one thing share the runs that begin after they asked', async () => {
  let runs = 0;
  const gates: (() => void)[] = [];
  const ask = shareRuns(async (key: string) => {
    const run = `${key}${(runs += 1)}`;
    await new Promise<void>((resolve) => gates.push(resolve));
    if (run === 'a2') throw new Error('away');
    return run;
  });
  const first = ask('a');
  const others = Array.from({ length: 100 }, () => ask('a'));
  gates[0]!();
  expect(await first).toBe('a1');
  await Promise.resolve();
  const third = ask('a');
  gates[1]!();
  const outcomes = await Promise.allSettled(others);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
  await Promise.resolve();
  gates[2]!();
  expect(await third).toBe('a3');
});
