/** What a node tells of its viewers: how many it has of each stream, and whether it shows them as a number there. */
export interface NodeCounts {
  node: string;
  counts: [streamId: string, viewers: number, counted: boolean][];
}

/** What a node said and did not say again for so long is forgotten, in ms: it has died. */
const FORGET_MS = 7_000;

interface Heard {
  viewers: number;
  counted: boolean;
  until: number;
}

/**
 * How many viewers each stream has on all nodes. Every node says how many it has when that changes, and all it has now and
 * then; so what is lost on the way, and what a node had that died, corrects itself. Pure: the time comes in.
 */
export class ViewerCounts {
  readonly #here = new Map<string, number>();
  readonly #others = new Map<string, Map<string, Heard>>();

  /** One viewer more (1) or fewer (-1) on this node. */
  add(streamId: string, change: 1 | -1): void {
    const viewers = this.here(streamId) + change;
    if (viewers === 0) this.#here.delete(streamId);
    else this.#here.set(streamId, viewers);
  }

  /** On this node. */
  here(streamId: string): number {
    return this.#here.get(streamId) ?? 0;
  }

  total(streamId: string): number {
    let viewers = this.here(streamId);
    for (const other of this.#others.get(streamId)?.values() ?? []) viewers += other.viewers;
    return viewers;
  }

  /** Whether another node shows the viewers of the stream as a number. */
  countedElsewhere(streamId: string): boolean {
    for (const { counted } of this.#others.get(streamId)?.values() ?? []) if (counted) return true;
    return false;
  }

  hear({ node, counts }: NodeCounts, now: number): void {
    for (const [streamId, viewers, counted] of counts) {
      const nodes = this.#others.get(streamId) ?? new Map<string, Heard>();
      if (viewers === 0) nodes.delete(node);
      else nodes.set(node, { viewers, counted, until: now + FORGET_MS });
      if (nodes.size === 0) this.#others.delete(streamId);
      else this.#others.set(streamId, nodes);
    }
  }

  expire(now: number): void {
    for (const [streamId, nodes] of this.#others) {
      for (const [node, { until }] of nodes) if (until <= now) nodes.delete(node);
      if (nodes.size === 0) this.#others.delete(streamId);
    }
  }
}
