import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../infra/local/src/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A private PostgreSQL of this run. Tests take a database of their own: createTestDatabase(). */
    postgresUrl: string;
  }
}

/** Trades the safety of the data, which nobody will miss, for speed. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 };

/** Starts one PostgreSQL for the whole run; returns what ends it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'armoricore-test-'));
  const remove = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  try {
    const postgres = await startPostgres({ dataDir, settings: SETTINGS });
    project.provide('postgresUrl', postgres.url);
    return async () => {
      await postgres.stop();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
