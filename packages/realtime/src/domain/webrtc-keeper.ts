import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import { renewEveryMs } from './webrtc-seats.ts';

export interface KeeperOptions {
  name: string;
  graceMs: number;
  /** Puts off the end of all sessions of this node. */
  renew(): Promise<void>;
  /** Learns of what changed unnoticed. */
  check(): Promise<void>;
  /** Does some of what is due in the whole cluster: time-outs, seats that are lost. True when there may be more. */
  sweep(): Promise<boolean>;
  log: Log;
}

/** How often what is due is looked for, in ms. */
const SWEEP_MS = 1_000;
/** Rounds of one look: sessions must be renewed in between. */
const MOST_ROUNDS = 4;

export interface Keeper extends Service {
  /** Owns work that nobody waits for: it is logged when it fails, and waited for at the end. */
  own(work: Promise<unknown>, what: string): void;
}

/**
 * What runs beside calls and huddles. Where the database was away, it waits with sweeping until all nodes had the time to renew
 * their sessions: they lived, but nobody could write it down.
 */
export function createKeeper({ name, graceMs, renew, check, sweep, log }: KeeperOptions): Keeper {
  const renewMs = renewEveryMs(graceMs);
  const owned = new Set<Promise<unknown>>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let renewedAt = -Infinity;
  let wellSince = Infinity;

  async function turn(): Promise<void> {
    try {
      const now = performance.now();
      if (now - renewedAt > 2 * renewMs) wellSince = now;
      if (now - renewedAt >= renewMs) {
        await renew();
        await check();
        renewedAt = now;
      }
      if (performance.now() - wellSince < renewMs) return;
      for (let round = 1; round <= MOST_ROUNDS && (await sweep()); round++);
    } catch (error) {
      log.warn({ reason: describeError(error) }, `${name}: the database could not be asked; trying again`);
    }
  }

  const schedule = (): void => {
    timer = setTimeout(() => {
      running = turn().finally(() => timer !== undefined && schedule());
    }, Math.min(SWEEP_MS, renewMs));
  };

  return {
    name,
    own(work, what) {
      const settled = work.catch((error: unknown) => log.warn({ reason: describeError(error) }, `${name}: ${what} failed`)).finally(() => owned.delete(settled));
      owned.add(settled);
    },
    start: schedule,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await running;
      await Promise.all(owned);
    },
  };
}
