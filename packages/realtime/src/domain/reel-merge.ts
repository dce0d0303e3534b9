import type { ReelUpdate } from '../contracts/reel.ts';
import { isCounter, PRIORITIES } from '../contracts/reel-fields.ts';

/** Several updates as one. */
export interface Merged {
  update: ReelUpdate;
  /** How many it was made of. */
  count: number;
  /** About what these would take, each as a JSON frame of its own. */
  bytes: number;
}

export interface MergeLimits {
  /** Characters of `update_data` of one merged update; what does not fit waits for the next. */
  frame: number;
  /** Characters that may wait. Beyond them the least urgent and then the oldest values are dropped; counters never are. */
  waiting: number;
}

const LIMITS: MergeLimits = { frame: 32 * 1024, waiting: 256 * 1024 };
/** Characters of the frame of an update without its data, its names, its targets and its topic. */
const ENVELOPE = JSON.stringify([null, null, 'reel:', 'reel_update', { id: '', reel_id: '', update_data: {}, target_users: [], target_channel: null, timestamp: 1e12, priority: 'normal' }]).length + 36;

interface Entry {
  value: ReelUpdate['update_data'][string];
  /** The highest of those that brought it. */
  priority: number;
  size: number;
}

/**
 * Merges updates of one reel for the same receivers: counters sum, of each other key the latest value wins. A value never
 * comes after a newer one of its key.
 */
export class UpdateMerger {
  readonly #limits: MergeLimits;
  readonly #entries = new Map<string, Entry>();
  #size = 0;
  #newest: ReelUpdate | null = null;
  #count = 0;
  #bytes = 0;

  constructor(limits: MergeLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Answers how many values were dropped to make room. */
  add(update: ReelUpdate): number {
    const priority = PRIORITIES.indexOf(update.priority);
    this.#newest = update;
    this.#count += 1;
    this.#bytes += ENVELOPE + 2 * update.reel_id.length;
    for (const [key, value] of Object.entries(update.update_data)) this.#put(key, value, priority);
    return this.#size > this.#limits.waiting ? this.#drop() : 0;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Takes out what fits in one frame, the most urgent first. Null when nothing waits. */
  take(): Merged | null {
    if (this.#newest === null || this.isEmpty) return null;
    const taken = this.#size <= this.#limits.frame ? [...this.#entries] : this.#mostUrgent();
    let priority = 0;
    for (const [key, entry] of taken) {
      this.#remove(key, entry);
      priority = Math.max(priority, entry.priority);
    }
    const update = { ...this.#newest, update_data: Object.fromEntries(taken.map(([key, { value }]) => [key, value])), priority: PRIORITIES[priority]! };
    const merged = { update, count: this.#count, bytes: this.#bytes };
    this.#count = 0;
    this.#bytes = 0;
    return merged;
  }

  #put(key: string, value: Entry['value'], priority: number): void {
    const known = this.#entries.get(key);
    const size = known !== undefined && known.value === value ? known.size : sizeOf(key, value);
    this.#bytes += size;
    if (known === undefined) {
      this.#entries.set(key, { value, priority, size });
      this.#size += size;
      return;
    }
    this.#size += size - known.size;
    known.value = isCounter(key) ? (known.value as number) + (value as number) : value;
    known.priority = Math.max(known.priority, priority);
    known.size = size;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#size -= entry.size;
  }

  #mostUrgent(): [string, Entry][] {
    let room = this.#limits.frame;
    const sorted = [...this.#entries].toSorted(([, a], [, b]) => b.priority - a.priority);
    const left = sorted.findIndex(([, { size }], index) => (room -= size) < 0 && index > 0);
    return left === -1 ? sorted : sorted.slice(0, left);
  }

  #drop(): number {
    const droppable = [...this.#entries].filter(([key]) => !isCounter(key)).toSorted(([, a], [, b]) => a.priority - b.priority);
    let dropped = 0;
    for (const [key, entry] of droppable) {
      if (this.#size <= this.#limits.waiting) break;
      this.#remove(key, entry);
      dropped += 1;
    }
    return dropped;
  }
}

function sizeOf(key: string, value: Entry['value']): number {
  return key.length + 4 + (typeof value === 'number' ? String(value).length : JSON.stringify(value).length);
}
