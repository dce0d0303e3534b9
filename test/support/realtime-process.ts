import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { issueToken } from '../../packages/realtime/src/auth/tokens.ts';
import { spawnRealtime, type SpawnedRealtime } from './spawn-realtime.ts';

const SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';

/** The realtime process alone, as a process that can be killed and started again at its address. */
export interface RealtimeProcess {
  url: string;
  token(userId: string): Promise<string>;
  /** SIGKILL, and a new process on the same port once that one is gone. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRealtimeProcess(databaseUrl: string, env: Record<string, string> = {}): Promise<RealtimeProcess> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'armoricore-realtime-'));
  const run = (PORT: string): Promise<SpawnedRealtime> =>
    spawnRealtime({ LOG_LEVEL: 'info', PORT, DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, SECRET_KEY_BASE: SECRET, STORAGE_DIR: path.join(dataDir, 'objects'), ...env });

  let running = await run('0');
  return {
    url: running.url,
    token: (userId) => issueToken({ secret: SECRET }, { userId, ttlS: 3_600 }),
    async killAndRestart() {
      await running.end('SIGKILL');
      running = await run(new URL(running.url).port);
    },
    async stop() {
      await running.end('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
