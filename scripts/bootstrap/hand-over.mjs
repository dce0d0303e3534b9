import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { cleanEnvironment, NODE, ROOT } from './command.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** A Ctrl-C comes from the terminal and, passed on, from npm: within this time it is the same one. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs a script with the repository's Node in our place: same terminal, same environment, same exit code. It has a
 * process group of its own, so a signal reaches it once, from us. Its IPC channel closes when we are killed.
 */
export function handOver(args, cwd = ROOT) {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(NODE, args, { cwd, env: cleanEnvironment(), stdio, detached: true });
  let last = { signal: '', at: -Infinity };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (last.signal === signal && now - last.at < SAME_SIGNAL_MS) return;
      last = { signal, at: now };
      child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
