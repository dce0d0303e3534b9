import type { ReelUpdate } from '../contracts/reel.ts';
import { UpdateMerger, type Merged } from './reel-merge.ts';

export interface ReelWindowsOptions {
  /** How long updates are collected, in ms; 0: each goes by itself. */
  windowMs: number;
  /** Sends what was merged to a topic. */
  publish: (topic: string, merged: Merged) => void;
}

export interface ReelWindows {
  /** Takes an update: it goes out with the end of its window, an urgent one at once with what waits before it. */
  add(update: ReelUpdate): void;
  /** Sends all that waits. */
  flush(): void;
  /** Values that were dropped because too much waited. */
  readonly dropped: number;
}

/** Topics, and receivers of one topic, for which updates may wait; those for more go by themselves. */
const MOST_TOPICS = 10_000;
const MOST_GROUPS = 1_000;

/** What waits for one topic, by whom it is for. */
interface Window {
  groups: Map<string, UpdateMerger>;
  timer: NodeJS.Timeout;
}

/** The topic that an update goes to. */
const topicOf = ({ target_channel, reel_id }: ReelUpdate): string => target_channel ?? `reel:${reel_id}`;

/** Updates are merged where they arise, so that nodes tell each other what clients get: one update a window. */
export function createReelWindows({ windowMs, publish }: ReelWindowsOptions): ReelWindows {
  const windows = new Map<string, Window>();
  let dropped = 0;

  function alone(topic: string, update: ReelUpdate): void {
    const merger = new UpdateMerger();
    merger.add(update);
    send(topic, merger);
  }

  function send(topic: string, merger: UpdateMerger): void {
    const merged = merger.take();
    if (merged !== null) publish(topic, merged);
  }

  function open(topic: string): Window {
    const window: Window = { groups: new Map(), timer: setTimeout(() => end(topic, window), windowMs) };
    windows.set(topic, window);
    return window;
  }

  function end(topic: string, window: Window): void {
    for (const [key, merger] of window.groups) {
      send(topic, merger);
      if (merger.isEmpty) window.groups.delete(key);
    }
    // What did not fit waits for one more window.
    if (window.groups.size > 0) window.timer.refresh();
    else windows.delete(topic);
  }

  return {
    get dropped() {
      return dropped;
    },

    add(update) {
      const topic = topicOf(update);
      if (windowMs === 0) return alone(topic, update);
      const window = windows.get(topic) ?? (windows.size < MOST_TOPICS ? open(topic) : undefined);
      if (window === undefined) return alone(topic, update);
      const key = update.target_users.length === 0 ? update.reel_id : JSON.stringify([update.reel_id, update.target_users]);
      let merger = window.groups.get(key);
      if (merger === undefined) {
        if (window.groups.size >= MOST_GROUPS) return alone(topic, update);
        window.groups.set(key, (merger = new UpdateMerger()));
      }
      dropped += merger.add(update);
      if (update.priority === 'urgent') send(topic, merger);
    },

    flush() {
      for (const [topic, { groups, timer }] of windows) {
        clearTimeout(timer);
        for (const merger of groups.values()) while (!merger.isEmpty) send(topic, merger);
      }
      windows.clear();
    },
  };
}
