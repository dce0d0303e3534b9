import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The whole product as `npm start` runs it: launcher, PostgreSQL, realtime and jobs, in a data folder of its own. */
export interface Product {
  url: string;
  dataDir: string;
  launcher: ChildProcess;
  /** All that the processes wrote so far. */
  output(): string;
  token(userId?: string): Promise<string>;
  /** Ids of running processes whose command line or environment names this data folder. */
  processes(): Promise<{ pid: number; command: string }[]>;
  stop(): Promise<void>;
}

/** Starts the product on a free port and waits until it is ready. */
export async function startProduct(env: Record<string, string> = {}): Promise<Product> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'armoricore-whole-'));
  const launcher = spawn(process.execPath, ['infra/local/src/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'development', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [launcher.stdout, launcher.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(launcher, 'exit');

  const stop = async (): Promise<void> => {
    launcher.kill('SIGTERM');
    await exited;
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const url = await waitFor(() => {
      if (launcher.exitCode !== null) throw new Error(`the launcher ended with ${launcher.exitCode}:\n${output}`);
      return /URL\s+(http:\S+)/.exec(output)?.[1];
    }, { timeoutMs: 45_000, what: 'the banner of the product' });
    return {
      url,
      dataDir,
      launcher,
      output: () => output,
      stop,
      processes: () => processesOf(dataDir),
      async token(userId) {
        const response = await fetch(`${url}/dev/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(userId === undefined ? {} : { user_id: userId }),
        });
        return ((await response.json()) as { token: string }).token;
      },
    };
  } catch (error) {
    await stop();
    throw new Error(`the product did not start:\n${output}`, { cause: error });
  }
}

async function processesOf(dataDir: string): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
        return command !== '' && (command.includes(dataDir) || environment.includes(dataDir)) ? [{ pid: Number(pid), command }] : [];
      } catch {
        return []; // It ended meanwhile, or is not ours to look at.
      }
    }),
  );
  return found.flat();
}
