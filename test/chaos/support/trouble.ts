import { setTimeout as pause } from 'node:timers/promises';

export interface Trouble {
  /** How far the work is, from 0 to `total`. */
  progress(): Promise<number>;
  total: number;
  kills: number;
  kill(): Promise<void>;
  /** Once, when half of the work is done. */
  restart?: (() => Promise<void>) | undefined;
  /** The longest that the work may stand still, in ms. */
  patienceMs?: number;
}

/** Makes trouble, spread evenly over the work, until the work is done. @throws Error when it does not get on any more */
export async function makeTrouble({ progress, total, kills, kill, restart, patienceMs = 60_000 }: Trouble): Promise<void> {
  let killed = 0;
  let restarted = restart === undefined;
  let [reached, movedAt] = [-1, performance.now()];
  for (;;) {
    const done = await progress().catch(() => reached); // The database itself may be what restarts.
    if (done !== reached) [reached, movedAt] = [done, performance.now()];
    if (done >= total && killed >= kills && restarted) return;
    if (performance.now() - movedAt > patienceMs) throw new Error(`the work stands still at ${done} of ${total}`);
    if (killed < kills && done >= ((killed + 1) * total) / (kills + 2)) {
      killed += 1;
      await kill();
    }
    if (!restarted && done >= total / 2) {
      restarted = true;
      await restart?.();
    }
    await pause(20);
  }
}
