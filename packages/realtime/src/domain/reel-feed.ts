import { newId } from '@armoricore/shared/kernel';
import type { ReelCounters } from '../contracts/reel.ts';
import type { Merged } from './reel-merge.ts';

export type MergedListener = (merged: Merged) => void;

/** What is told of one reel on this node. Its totals never go back, whatever the order in which nodes tell of them. */
export class ReelFeed {
  readonly #reelId: string;
  readonly #listeners = new Set<MergedListener>();
  #told: ReelCounters | null = null;
  /** Of a reel that nothing was told of: what the first joiner knows. */
  #begun = -1;
  /** What the last check found. */
  #checked = -1;

  constructor(reelId: string) {
    this.#reelId = reelId;
  }

  listen(listener: MergedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A joiner knows the reel up to this revision. */
  begin(revision: number): void {
    if (this.#begun === -1) this.#begun = revision;
  }

  take(merged: Merged): void {
    const counters = countersOf(merged);
    const isOld = counters !== null && this.#told !== null && counters.revision < this.#told.revision;
    if (counters !== null && !isOld) this.#told = counters;
    const current = isOld ? { ...merged, update: { ...merged.update, update_data: { ...merged.update.update_data, counters: this.#told! } } } : merged;
    for (const listener of this.#listeners) listener(current);
  }

  /**
   * What the database has. When it was ahead a check ago and was not told of since, it is told now: the node that counted has
   * ended, or nodes did not hear each other.
   */
  check(counters: ReelCounters): void {
    const told = this.#told?.revision ?? this.#begun;
    const missed = this.#checked > told;
    this.#checked = counters.revision;
    if (!missed) return;
    const update = { id: newId(), reel_id: this.#reelId, update_data: { counters }, target_users: [], target_channel: null, timestamp: Date.now(), priority: 'normal' as const };
    this.take({ update, count: 1, bytes: 0 });
  }
}

/** The totals that an update tells of. */
export function countersOf({ update }: Merged): ReelCounters | null {
  return (update.update_data['counters'] as ReelCounters | undefined) ?? null;
}

/** The feeds of this node. A feed is there while somebody has it open. */
export interface ReelFeeds {
  open(reelId: string): { feed: ReelFeed; close(): void };
}
