import { expect, it } from 'vitest';
import { observeBus } from '../../src/ops/index.ts';
import { createMetrics } from '../../src/ops/metrics.ts';

function fail(): never {
  throw new Error('no');
}

const linesOf = async (metrics: ReturnType<typeof createMetrics>) => (await metrics.scrape()).body.split('\n').filter((line) => line.startsWith('armoricore_'));

it('asks for a figure once, however many scrape', async () => {
  const metrics = createMetrics('n');
  let asked = 0;
  metrics.gauge({ name: 'depth', help: 'x', labels: ['queue'], read: async () => [{ labels: { queue: 'media' }, value: (asked += 1) }] });
  const [first, second] = await Promise.all([linesOf(metrics), linesOf(metrics)]);
  expect(first).toEqual(['armoricore_depth{queue="media",node="n"} 1']);
  expect(second).toEqual(first);
});

it('shows what is counted elsewhere as a counter, by its last value', async () => {
  const metrics = createMetrics('n');
  metrics.total({ name: 'ends_total', help: 'x', labels: ['why'], read: () => [{ labels: { why: 'idle' }, value: 3 }] });
  metrics.total({ name: 'all_total', help: 'x', labels: [], read: () => [{ labels: {}, value: 9 }] });
  metrics.total({ name: 'none_total', help: 'x', labels: [], read: () => fail() });
  for (let scrape = 0; scrape < 2; scrape += 1) {
    expect((await linesOf(metrics)).slice(-2)).toEqual(['armoricore_ends_total{why="idle",node="n"} 3', 'armoricore_all_total{node="n"} 9']);
  }
  expect((await metrics.scrape()).body).toContain('# TYPE armoricore_ends_total counter');
});

it('leaves out a figure that cannot be had, and says so', async () => {
  const metrics = createMetrics('n');
  metrics.gauge({ name: 'broken', help: 'x', labels: [], read: () => Promise.reject(new Error('no')) });
  metrics.gauge({ name: 'thrown', help: 'x', labels: [], read: () => fail() });
  metrics.gauge({ name: 'stuck', help: 'x', labels: [], read: () => new Promise<never>(() => undefined) });
  metrics.gauge({ name: 'fine', help: 'x', labels: [], read: () => [{ labels: {}, value: 7 }] });
  await linesOf(metrics);
  const lines = await linesOf(metrics);
  expect(lines).toContain('armoricore_fine{node="n"} 7');
  for (const name of ['broken', 'thrown', 'stuck']) {
    expect(lines.filter((line) => line.startsWith(`armoricore_${name}`))).toEqual([]);
    expect(lines.some((line) => new RegExp(`^armoricore_scrape_failures_total\\{metric="${name}",node="n"\\} [12]$`).test(line))).toBe(true);
  }
});

it('shows a bounded number of series', async () => {
  const metrics = createMetrics('n');
  metrics.gauge({ name: 'many', help: 'x', labels: ['of'], read: () => Array.from({ length: 1_000 }, (_, index) => ({ labels: { of: String(index) }, value: 1 })) });
  expect((await linesOf(metrics)).length).toBe(200);
});

it('takes no event type from outside as a label', async () => {
  const metrics = createMetrics('n');
  const observe = observeBus(metrics);
  observe({ type: 'media.ready', outcome: 'published' });
  for (let count = 0; count < 50; count += 1) observe({ group: 'jobs', type: `made.up.${count}`, outcome: 'buried' });
  expect(await linesOf(metrics)).toEqual([
    'armoricore_bus_events_total{group="",type="media.ready",outcome="published",node="n"} 1',
    'armoricore_bus_events_total{group="jobs",type="unknown",outcome="buried",node="n"} 50',
  ]);
});
