import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Output } from './output.ts';

export interface ChildSpec {
  name: string;
  /** A JavaScript or TypeScript file. */
  script: string;
  /** What Node itself gets. */
  nodeFlags?: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  output: Output;
}

export interface Child {
  process: ChildProcess;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts a script in a process group of its own, so that a Ctrl-C in the terminal reaches the launcher alone and the
 * children stop in order. The child ends itself when the IPC channel closes: we are gone.
 */
export function spawnChild({ script, nodeFlags = [], cwd, env, output }: ChildSpec, onReady: () => void): Child {
  const stream = output.readable ? 'pipe' : 'inherit';
  const child = spawn(process.execPath, [...nodeFlags, script], { cwd, env, detached: true, stdio: ['ignore', stream, stream, 'ipc'] });
  for (const source of [child.stdout, child.stderr]) if (source) output.pipe(source);
  child.on('message', (message) => {
    if (typeof message === 'object' && 'type' in message && message.type === 'ready') onReady();
  });
  return { process: child, exited: untilExit(child) };
}

async function untilExit(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

/** Kills a child and what it started; nothing happens when all of them have ended. */
export function killGroup({ process: { pid } }: Child): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
