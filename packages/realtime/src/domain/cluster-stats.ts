import { SUMMED, type ClusterStats, type NodeStats } from '../contracts/system.ts';

/** A node of which nothing was heard for so long is left out, in ms. */
export const HEARD_MS = 10_000;
/** Other nodes that are remembered; what others tell is not heard. */
const MOST_NODES = 1_000;
const TOP = 10;

/** What the other nodes said of themselves last. The times are ms of a clock that never goes back. */
export class NodeBook {
  readonly #heard = new Map<string, { stats: NodeStats; at: number }>();

  /** Whether the node is new. */
  hear(stats: NodeStats, now: number): boolean {
    const isNew = !this.#heard.has(stats.instance);
    if (isNew && this.#heard.size >= MOST_NODES) return false;
    this.#heard.set(stats.instance, { stats, at: now });
    return isNew;
  }

  forget(instance: string): void {
    this.#heard.delete(instance);
  }

  /** Those that are heard of, by name. */
  others(now: number): NodeStats[] {
    for (const [instance, { at }] of this.#heard) if (now - at > HEARD_MS) this.#heard.delete(instance);
    return [...this.#heard.values()].map(({ stats }) => stats).toSorted((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
  }
}

/** The nodes as one. @param nodes this one first */
export function sumUp(nodes: readonly [NodeStats, ...NodeStats[]]): ClusterStats {
  const sums = Object.fromEntries(SUMMED.map((name) => [name, Math.round(nodes.reduce((sum, node) => sum + node[name], 0) * 10) / 10])) as Pick<ClusterStats, (typeof SUMMED)[number]>;
  const ends: Record<string, number> = {};
  const topics = new Map<string, number>();
  for (const { ends_total, top_topics } of nodes) {
    for (const [why, count] of Object.entries(ends_total)) ends[why] = (ends[why] ?? 0) + count;
    for (const { topic, members } of top_topics) topics.set(topic, (topics.get(topic) ?? 0) + members);
  }
  const top = [...topics].map(([topic, members]) => ({ topic, members })).toSorted((a, b) => b.members - a.members);
  return { nodes: nodes.length, ...sums, presences: nodes[0].presences, ends_total: ends, top_topics: top.slice(0, TOP) };
}
