import { describeError, withDeadline, type Log } from '@armoricore/shared/kernel';
import type { Backlogs } from '../contracts/system.ts';

/** Where each figure comes from. */
export type BacklogSources = { [K in keyof Backlogs]: () => Promise<NonNullable<Backlogs[K]>> };

export interface BacklogReader {
  /** The last figures, at once; has them read anew when they are old. */
  recent(): Backlogs;
  /** Waits for figures that are not old. */
  read(): Promise<Backlogs>;
}

/** How old figures may be, and how long a source may take, in ms. */
const FRESH_MS = 5_000;
const TIMEOUT_MS = 2_000;

/** Reads what waits, at most every few seconds however many ask. A source that does not answer is null. */
export function createBacklogReader(sources: BacklogSources, { log, freshMs = FRESH_MS, timeoutMs = TIMEOUT_MS }: { log: Log; freshMs?: number; timeoutMs?: number }): BacklogReader {
  let last: Backlogs = { queues: null, bus: null, dead_letters: null };
  let readAt = -Infinity;
  let reading: Promise<Backlogs> | undefined;

  async function one<K extends keyof Backlogs>(name: K): Promise<Backlogs[K] | null> {
    try {
      return await withDeadline(sources[name](), timeoutMs, `no answer within ${timeoutMs} ms`);
    } catch (error) {
      log.warn({ figure: name, reason: describeError(error) }, 'a figure of what waits could not be read');
      return null;
    }
  }

  async function readAll(): Promise<Backlogs> {
    const [queues, bus, deadLetters] = await Promise.all([one('queues'), one('bus'), one('dead_letters')]);
    last = { queues, bus, dead_letters: deadLetters };
    readAt = performance.now();
    return last;
  }

  function read(): Promise<Backlogs> {
    if (performance.now() - readAt < freshMs) return Promise.resolve(last);
    return (reading ??= readAll().finally(() => (reading = undefined)));
  }

  return {
    read,
    recent() {
      void read(); // It never rejects.
      return last;
    },
  };
}
