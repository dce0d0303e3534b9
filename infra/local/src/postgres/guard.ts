import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/**
 * Runs a command and interrupts it when descriptor 3 reaches its end: when we close it, or when we die, even by
 * kill -9. The interruption is repeated because one that comes before the command has its handlers is lost.
 * The last line ends the watcher and the guard itself.
 */
const SCRIPT = `
trap '' HUP INT TERM
"$@" 3<&- &
pid=$!
(read -r _ <&3; while kill -INT "$pid"; do sleep 1; done) 2>/dev/null &
wait "$pid"
kill -KILL 0
`;

export interface GuardedOptions {
  cwd: string;
  uid?: number;
  gid?: number;
}

export interface Guarded {
  process: ChildProcess;
  /** What the command writes to standard error. */
  stderr: Readable;
  /** Interrupts the command (SIGINT). */
  interrupt(): void;
  /** Sends a signal to the command and its guard. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts `command` in a session of its own (a Ctrl-C in the terminal does not reach it) that ends with this process. */
export function spawnGuarded(command: readonly string[], options: GuardedOptions): Guarded {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'guard', ...command], {
    ...options,
    env: { LC_ALL: 'C', PATH: process.env['PATH'] },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const lifeline = child.stdio[3] as Writable;
  lifeline.on('error', () => undefined); // The command ended first.
  return {
    process: child,
    stderr: child.stderr!,
    interrupt: () => lifeline.end(),
    signal: (signal) => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
    },
  };
}
