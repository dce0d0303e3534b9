import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A folder of a process id that is in use again is removed when it is this old, in ms. */
const LEFTOVER_AGE_MS = 48 * 3600 * 1000;
/** When this process began: tells its folders from those of an earlier process with the same id. */
const BEGUN = Math.round(performance.timeOrigin).toString(36);
const NAME = /^run-(\d+)-([0-9a-z]+)-/;

export interface Scratch {
  /** Removes the folders of processes that are gone. */
  sweep(): Promise<void>;
  /**
   * Gives `work` a function that makes an empty folder when first called; the folder is removed afterwards, whatever
   * came of the work.
   */
  within<T>(work: (dir: () => string) => Promise<T>): Promise<T>;
}

/** Private folders for runs below `root`. The root belongs to one machine (or container): owners are told by process id. */
export function createScratch(root: string): Scratch {
  const base = resolve(root);

  async function isLeftover(name: string): Promise<boolean> {
    const [, pid, begun] = NAME.exec(name) ?? [];
    if (pid === undefined) return false;
    if (Number(pid) === process.pid) return begun !== BEGUN;
    if (!isAlive(Number(pid))) return true;
    const { mtimeMs } = await stat(join(base, name));
    return Date.now() - mtimeMs > LEFTOVER_AGE_MS;
  }

  return {
    async sweep() {
      await mkdir(base, { recursive: true, mode: 0o700 });
      for (const name of await readdir(base)) {
        if (await isLeftover(name)) await rm(join(base, name), { recursive: true, force: true });
      }
    },
    async within(work) {
      let dir: string | undefined;
      try {
        return await work(() => (dir ??= mkdtempSync(join(base, `run-${process.pid}-${BEGUN}-`))));
      } finally {
        if (dir !== undefined) await rm(dir, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
