import { loadConfig } from '@armoricore/shared/config';
import { silentLog, startServices, type Log } from '@armoricore/shared/kernel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { createRealtime, realtimeConfig } from '../../src/app.ts';
import { issueToken } from '../../src/auth/tokens.ts';

const JWT_SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';

export interface RealtimeUnderTest {
  url: string;
  databaseUrl: string;
  dataDir: string;
  token(userId: string, options?: { roles?: string[]; conversations?: string[]; ttlS?: number }): Promise<string>;
  /** `fetch` with a token and JSON. */
  call(method: string, path: string, options?: { token?: string; body?: unknown }): Promise<{ status: number; body: any }>;
  stop(): Promise<void>;
}

/** The realtime process's services in this process, on a free port and a database of its own. */
export async function startRealtime(env: Record<string, string> = {}, log: Log = silentLog): Promise<RealtimeUnderTest> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'armoricore-realtime-'));
  const config = loadConfig(realtimeConfig, {
    PORT: '0',
    DATABASE_URL: database.url,
    JWT_SECRET,
    SECRET_KEY_BASE: 'another-secret-of-the-tests-with-32-characters',
    STORAGE_DIR: join(dataDir, 'objects'),
    SCRATCH_DIR: join(dataDir, 'scratch'),
    ...env,
  });
  const { services, url } = await createRealtime(config, log);
  const running = await startServices(services, { log });
  return {
    url: url(),
    databaseUrl: database.url,
    dataDir,
    token: (userId, { roles = ['user'], conversations, ttlS = 60 } = {}) => issueToken({ secret: JWT_SECRET }, { userId, roles, conversations, ttlS }),
    async call(method, path, { token, body } = {}) {
      const response = await fetch(url() + path, {
        method,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
    },
    async stop() {
      await running.stop();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
