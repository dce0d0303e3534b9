import { silentLog } from '@armoricore/shared/kernel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import type { Backlogs, NodeStats, SystemStats } from '../../src/contracts/system.ts';
import { createBacklogReader } from '../../src/domain/backlogs.ts';
import { HEARD_MS, NodeBook, sumUp } from '../../src/domain/cluster-stats.ts';
import { createNodeStats, type NodeReading } from '../../src/domain/node-stats.ts';
import { createSystemStats, type StatsNetwork } from '../../src/domain/stats.ts';

const NOTHING: NodeReading = {
  sockets: { connections: 0, channels: 0, presences: 0, joins: 0, refusedJoins: 0, messagesIn: 0, messagesOut: 0, replaced: 0, ends: { idle: 0 } },
  usersOnline: 0,
  lostBroadcasts: 0,
  topTopics: [],
  memory: { rss_bytes: 1, heap_used_bytes: 1, heap_total_bytes: 1, external_bytes: 1 },
  cpuMs: 0,
  eventLoop: { lag_p50_ms: 0, lag_p99_ms: 0, lag_max_ms: 0, utilization: 0 },
};

function statsOf(node: string, change: Partial<NodeStats> = {}): NodeStats {
  return { ...createNodeStats({ node, instance: `instance of ${node}`, version: '1', read: () => NOTHING })(), ...change };
}

it('the figures of a node: rates are of the time since the last call, totals since the start', () => {
  let time = { date: Date.parse('2026-01-01T00:00:00Z'), now: 5_000 };
  let reading = NOTHING;
  const sample = createNodeStats({ node: 'n', instance: 'i', version: '1', read: () => reading, clock: () => time });
  const after = (ms: number, sockets: Partial<NodeReading['sockets']>, more: Partial<NodeReading> = {}): NodeStats => {
    time = { date: time.date + ms, now: time.now + ms };
    reading = { ...reading, ...more, sockets: { ...reading.sockets, ...sockets } };
    return sample();
  };
  expect(after(2_000, { joins: 10, messagesIn: 100, messagesOut: 1_000, connections: 7 }, { cpuMs: 500, usersOnline: 6 })).toMatchObject({
    started_at: '2026-01-01T00:00:00.000Z', at: '2026-01-01T00:00:02.000Z', uptime_s: 2, connections: 7, users_online: 6,
    joins_total: 10, joins_per_s: 5, messages_in_per_s: 50, messages_out_per_s: 500, cpu_percent: 25,
  });
  expect(after(1_000, { joins: 11 })).toMatchObject({ uptime_s: 3, joins_total: 11, joins_per_s: 1, messages_in_total: 100, messages_in_per_s: 0, cpu_percent: 0 });
});

describe('the nodes of a cluster', () => {
  it('are forgotten when nothing was heard of them for a while, or they said that they end', () => {
    const book = new NodeBook();
    const names = (now: number): string[] => book.others(now).map(({ node }) => node);
    expect([book.hear(statsOf('b'), 0), book.hear(statsOf('a'), 1), book.hear(statsOf('b'), 2)]).toEqual([true, true, false]);
    expect(names(2)).toEqual(['a', 'b']);
    expect(names(HEARD_MS + 2)).toEqual(['b']);
    book.forget('instance of b');
    expect(names(HEARD_MS + 2)).toEqual([]);
  });

  it('are bounded in number', () => {
    const book = new NodeBook();
    for (let index = 0; index < 1_100; index += 1) book.hear(statsOf(`n${index}`), 0);
    expect(book.others(0)).toHaveLength(1_000);
    expect(book.hear(statsOf('n0'), 1)).toBe(false);
  });

  it('add up, topics of the same name too', () => {
    const a = statsOf('a', { connections: 3, messages_out_per_s: 1.1, ends_total: { idle: 1 }, top_topics: [{ topic: 'x', members: 3 }, { topic: 'y', members: 2 }], presences: 9 });
    const b = statsOf('b', { connections: 4, messages_out_per_s: 2.2, ends_total: { idle: 2, flood: 1 }, top_topics: [{ topic: 'y', members: 2 }], presences: 8 });
    expect(sumUp([a, b])).toMatchObject({
      nodes: 2, connections: 7, messages_out_per_s: 3.3, presences: 9, ends_total: { idle: 3, flood: 1 },
      top_topics: [{ topic: 'y', members: 4 }, { topic: 'x', members: 3 }],
    });
  });
});

describe('what waits', () => {
  const found: Backlogs = { queues: {}, bus: { jobs: 1 }, dead_letters: 2 };
  const sources = { queues: () => Promise.resolve({}), bus: () => Promise.resolve({ jobs: 1 }), dead_letters: () => Promise.resolve(2) };

  it('is read once for all who ask, and again when it is old', async () => {
    let reads = 0;
    const counting = { ...sources, dead_letters: () => Promise.resolve((reads += 1)) };
    const reader = createBacklogReader(counting, { log: silentLog, freshMs: 30 });
    expect(reader.recent()).toEqual({ queues: null, bus: null, dead_letters: null });
    const [one, two] = await Promise.all([reader.read(), reader.read()]);
    expect([one, two, await reader.read(), reader.recent()]).toEqual(Array.from({ length: 4 }, () => ({ ...found, dead_letters: 1 })));
    await waitFor(async () => (await reader.read()).dead_letters === 2);
  });

  it('is null where a source fails or takes too long, and the rest is told', async () => {
    const broken = { ...sources, queues: () => Promise.reject(new Error('no')), bus: () => new Promise<never>(() => undefined) };
    expect(await createBacklogReader(broken, { log: silentLog, timeoutMs: 20 }).read()).toEqual({ queues: null, bus: null, dead_letters: 2 });
  });
});

it('nodes tell each other of themselves, a new one at once, and show figures only where somebody watches', async () => {
  const listeners = new Set<Parameters<StatsNetwork['listen']>[0]>();
  const network: StatsNetwork = {
    tell: (stats) => listeners.forEach((listener) => listener.heard(stats)),
    leave: (instance) => listeners.forEach((listener) => listener.left(instance)),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const backlogs = { recent: () => NONE, read: () => Promise.resolve(NONE) };
  const NONE: Backlogs = { queues: null, bus: null, dead_letters: null };
  const start = (node: string, intervalMs: number) => {
    const shown: SystemStats[] = [];
    const watching = { yes: false };
    const stats = createSystemStats({ sample: () => statsOf(node), network, audience: { isThere: () => watching.yes, show: (seen) => shown.push(seen) }, backlogs, intervalMs });
    stats.service.start();
    onTestFinished(() => stats.service.stop());
    return { stats, shown, watching };
  };
  const one = start('one', 3_600_000);
  const two = start('two', 5);
  const names = ({ stats }: typeof one): string[] => stats.figures().nodes.map(({ node }) => node);
  expect([names(one), names(two)]).toEqual([['one', 'two'], ['two', 'one']]);
  expect([one.stats.others(), two.stats.figures().cluster.nodes]).toEqual([1, 2]);
  one.watching.yes = two.watching.yes = true;
  await waitFor(() => two.shown.length > 1);
  expect(two.shown[0]).toMatchObject({ node: { node: 'two' }, cluster: { nodes: 2 }, backlogs: NONE });
  expect(one.shown).toEqual([]);
  two.stats.service.stop();
  expect(names(one)).toEqual(['one']);
});
