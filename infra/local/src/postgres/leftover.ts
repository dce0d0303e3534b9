import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** PostgreSQL's own escalation: fast shutdown, immediate shutdown, and the end. */
const STEPS = [['SIGINT', 10_000], ['SIGQUIT', 6_000], ['SIGKILL', 2_000]] as const;

/**
 * Clears what a killed launcher left behind: a server that still runs on `clusterDir` is stopped; a postmaster.pid whose
 * number now belongs to another program is removed (PostgreSQL itself copes with one that belongs to nobody).
 */
export async function clearLeftovers(clusterDir: string): Promise<void> {
  const pidFile = path.join(clusterDir, 'postmaster.pid');
  const pid = existsSync(pidFile) ? Number((await readFile(pidFile, 'utf8')).split('\n')[0]) : 0;
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  if (await runsOn(pid, clusterDir)) await endServer(pid, clusterDir);
  else await rm(pidFile, { force: true });
}

async function endServer(pid: number, clusterDir: string): Promise<void> {
  for (const [signal, patienceMs] of STEPS) {
    send(pid, signal);
    for (let waited = 0; waited < patienceMs; waited += 25) {
      if (!(await runsOn(pid, clusterDir))) return; // Also true of one that ended but that nobody reaped.
      await sleep(25);
    }
  }
  throw new Error(`A PostgreSQL server of an earlier start (pid ${pid}) does not end`);
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether a process has this number, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    return send(pid, 0);
  } catch {
    return true;
  }
}

/** A server's working directory is its data folder; without /proc the command line has to do. */
async function runsOn(pid: number, clusterDir: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return folder === (await realpath(clusterDir));
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(clusterDir);
  } catch {
    return false;
  }
}
