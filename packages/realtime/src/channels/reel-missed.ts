import type { ReelUpdate } from '../contracts/reel.ts';
import { isCounter } from '../contracts/reel-fields.ts';
import { countersOf, type ReelFeeds } from '../domain/reel-feed.ts';
import type { Merged } from '../domain/reel-merge.ts';
import type { ReelSnapshot } from '../domain/reels.ts';

/** Updates that one joiner may miss; of more the latest are kept, whose totals hold the others'. */
const MOST = 100;

/**
 * What is told of a reel while somebody joins it: from before the snapshot of the join reply is read until the channel is
 * subscribed, so that between the two nothing is missing.
 */
export class MissedUpdates {
  readonly #open: ReturnType<ReelFeeds['open']>;
  readonly #stopListening: () => void;
  readonly #told: Merged[] = [];
  #snapshot: ReelSnapshot | null = null;

  /** @param signal aborts when the joiner is gone */
  constructor(open: ReturnType<ReelFeeds['open']>, userId: string, signal: AbortSignal) {
    this.#open = open;
    this.#stopListening = open.feed.listen((merged) => {
      const { target_users: targets } = merged.update;
      if (targets.length > 0 && !targets.includes(userId)) return;
      this.#told.push(merged);
      if (this.#told.length > MOST) this.#told.shift();
    });
    signal.addEventListener('abort', () => this.stop(), { once: true });
    if (signal.aborted) this.stop();
  }

  /** The joiner gets this. */
  begin(snapshot: ReelSnapshot): void {
    this.#snapshot = snapshot;
    this.#open.feed.begin(snapshot.counters.revision);
  }

  /** Ends it. What the snapshot lacks, in order. */
  stop(): ReelUpdate[] {
    this.#stopListening();
    this.#open.close();
    return this.#told.splice(0).filter((merged) => !this.#isInSnapshot(merged)).map(({ update }) => update);
  }

  #isInSnapshot(merged: Merged): boolean {
    const counters = countersOf(merged);
    const { update } = merged;
    if (this.#snapshot?.updates.some(({ id }) => id === update.id) === true && merged.count === 1) return true;
    const isOld = counters !== null && counters.revision <= (this.#snapshot?.counters.revision ?? -1);
    return isOld && Object.keys(update.update_data).every((key) => key === 'counters' || isCounter(key));
  }
}
