import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../packages/realtime/src/node-flags.ts';
import { issueToken } from '../../packages/realtime/src/auth/tokens.ts';
import { waitFor } from './wait.ts';

const MAIN = fileURLToPath(new URL('../../packages/realtime/src/main.ts', import.meta.url));
const SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';

/** The realtime process alone, as a process that can be killed and started again at its address. */
export interface RealtimeProcess {
  url: string;
  token(userId: string): Promise<string>;
  /** SIGKILL, and a new process on the same port once that one is gone. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
  /** What the processes wrote, the latest of it. */
  output(): string;
}

export async function startRealtimeProcess(databaseUrl: string, env: Record<string, string> = {}): Promise<RealtimeProcess> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'armoricore-realtime-'));
  let output = '';

  async function run(port: string): Promise<{ child: ReturnType<typeof spawn>; url: string }> {
    let said = '';
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
      env: { ...process.env, LOG_LEVEL: 'info', PORT: port, DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, SECRET_KEY_BASE: SECRET, STORAGE_DIR: path.join(dataDir, 'objects'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const url = await waitFor(() => {
      if (child.exitCode !== null) throw new Error(`realtime ended with ${child.exitCode}:\n${said}`);
      return /"address":"(http:[^"]+)"/.exec(said)?.[1];
    }, { timeoutMs: 30_000, what: 'the address of realtime' });
    return { child, url };
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const gone = once(running.child, 'exit');
    if (running.child.exitCode === null && running.child.kill(signal)) await gone;
  }

  let running = await run('0');
  return {
    url: running.url,
    output: () => output,
    token: (userId) => issueToken({ secret: SECRET }, { userId, ttlS: 3_600 }),
    async killAndRestart() {
      await end('SIGKILL');
      running = await run(new URL(running.url).port);
    },
    async stop() {
      await end('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
