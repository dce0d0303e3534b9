import type { Service } from '@armoricore/shared/kernel';
import { MOST_NODES, type NodeStats, type SystemStats } from '../contracts/system.ts';
import type { BacklogReader } from './backlogs.ts';
import { NodeBook, sumUp } from './cluster-stats.ts';

/** How nodes tell each other of themselves. What is told may be lost. */
export interface StatsNetwork {
  tell(stats: NodeStats): void;
  /** This node ends. */
  leave(instance: string): void;
  listen(listener: { heard(stats: NodeStats): void; left(instance: string): void }): () => void;
}

/** Who watches the figures on this node. */
export interface StatsAudience {
  isThere(): boolean;
  show(stats: SystemStats): void;
}

export interface StatsOptions {
  /** The figures of this node since the last call. */
  sample: () => NodeStats;
  network: StatsNetwork;
  audience: StatsAudience;
  backlogs: BacklogReader;
  intervalMs?: number;
}

/** How often this node is measured, and shown where somebody watches; it is told to the others every second time. */
const INTERVAL_MS = 1_000;

export type SystemStatsService = ReturnType<typeof createSystemStats>;

/** The figures of this node and, as they tell them, of the others. */
export function createSystemStats({ sample, network, audience, backlogs, intervalMs = INTERVAL_MS }: StatsOptions) {
  const book = new NodeBook();
  let own = sample();
  let ticks = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  function figures(): Omit<SystemStats, 'backlogs'> {
    const all: [NodeStats, ...NodeStats[]] = [own, ...book.others(performance.now())];
    return { node: own, cluster: sumUp(all), nodes: all.slice(0, MOST_NODES) };
  }

  /** What waits is from memory, and null before it was read once. */
  const recent = (): SystemStats => ({ ...figures(), backlogs: backlogs.recent() });

  function tick(): void {
    own = sample();
    if ((ticks += 1) % 2 === 0) network.tell(own);
    if (audience.isThere()) audience.show(recent());
  }

  return {
    figures,
    recent,
    async read(): Promise<SystemStats> {
      const waiting = await backlogs.read();
      return { ...figures(), backlogs: waiting };
    },
    /** Nodes that are heard of beside this one. */
    others: (): number => book.others(performance.now()).length,

    service: {
      name: 'statistics',
      start() {
        stopListening = network.listen({
          heard(stats) {
            // One that is new has not heard of this node either.
            if (stats.instance !== own.instance && book.hear(stats, performance.now())) network.tell(own);
          },
          left: (instance) => book.forget(instance),
        });
        network.tell(own);
        timer = setInterval(tick, intervalMs);
      },
      stop() {
        clearInterval(timer);
        stopListening?.();
        network.leave(own.instance);
      },
    } satisfies Service,
  };
}
