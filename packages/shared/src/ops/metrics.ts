import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { withDeadline } from '../kernel/index.ts';

/** What a gauge read is told again when it is asked within this time, in ms: several scrapers cost as much as one. */
const CACHE_MS = 5_000;
/** A figure that takes longer than this is left out of the scrape, in ms. */
const READ_TIMEOUT_MS = 2_000;
/** The most series that one gauge shows. */
const MAX_SERIES = 200;

type Labels<L extends string> = Record<L, string>;

export interface Sample<L extends string> {
  labels: Labels<L>;
  value: number;
}

interface Named<L extends string> {
  /** Without the prefix `armoricore_`. */
  name: string;
  help: string;
  /** Only what the product itself names, never what a user made. */
  labels: readonly L[];
}

/** The figures of one process, in Prometheus' format. */
export interface Metrics {
  /** Returns what counts: by one, unless told otherwise. */
  counter<L extends string>(options: Named<L>): (labels: Labels<L>) => void;
  /** Returns what takes a measurement. Buckets are in the unit of the name. */
  histogram<L extends string>(options: Named<L> & { buckets: number[] }): (labels: Labels<L>, value: number) => void;
  /** Reads its figures when it is scraped; those that cannot be had are missing, and `scrape_failures_total` rises. */
  gauge<L extends string>(options: Named<L> & { read: () => Sample<L>[] | Promise<Sample<L>[]> }): void;
  /** A figure that is counted elsewhere and only grows. It is read as a gauge is. */
  total<L extends string>(options: Named<L> & { read: () => Sample<L>[] | Promise<Sample<L>[]> }): void;
  scrape(): Promise<{ contentType: string; body: string }>;
}

/** A registry with the figures of the process and its event loop. `node` is a label of every figure. */
export function createMetrics(node: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ node });
  collectDefaultMetrics({ register: registry });
  const full = <L extends string>({ name, help, labels }: Named<L>) => ({
    name: `armoricore_${name}`,
    help,
    labelNames: labels,
    registers: [registry],
  });
  const failures = new Counter(full({ name: 'scrape_failures_total', help: 'Figures that could not be read.', labels: ['metric'] }));

  /** What is shown of a figure: nothing, when it cannot be had. */
  function reader<L extends string>(metric: string, read: () => Sample<L>[] | Promise<Sample<L>[]>): () => Promise<Sample<L>[]> {
    const recent = cached(read);
    return async () => {
      try {
        return (await recent()).slice(0, MAX_SERIES);
      } catch {
        failures.inc({ metric }); // The probes say why: what is asked here is asked there.
        return [];
      }
    };
  }

  return {
    counter(options) {
      const counter = new Counter(full(options));
      return (labels) => counter.inc(labels);
    },

    histogram({ buckets, ...options }) {
      const histogram = new Histogram({ ...full(options), buckets });
      return (labels, value) => histogram.observe(labels, value);
    },

    gauge({ read, ...options }) {
      const recent = reader(options.name, read);
      new Gauge({
        ...full(options),
        async collect() {
          this.reset();
          if (options.labels.length === 0) this.remove(); // It would show 0.
          for (const { labels, value } of await recent()) this.set(labels, value);
        },
      });
    },

    total({ read, ...options }) {
      const recent = reader(options.name, read);
      new Counter({
        ...full(options),
        async collect() {
          this.reset();
          if (options.labels.length === 0) this.remove();
          for (const { labels, value } of await recent()) this.inc(labels, value);
        },
      });
    },

    async scrape() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** Asks again only when the last answer is old; whoever asks meanwhile gets the answer that is under way. */
function cached<T>(read: () => T | Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > CACHE_MS) {
      const answer = withDeadline(Promise.try(read), READ_TIMEOUT_MS, `no figures within ${READ_TIMEOUT_MS} ms`);
      last = { at: performance.now(), answer };
    }
    return last.answer;
  };
}
