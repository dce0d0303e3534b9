import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrateDatabase } from '../../../packages/shared/src/db/index.ts';
import { startPostgres } from '../../../infra/local/src/postgres.ts';

export interface RestartableDatabase {
  url: string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL for one test, with the product's schema, that can be restarted on its port. */
export async function startOwnDatabase(): Promise<RestartableDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'armoricore-chaos-'));
  const settings = { fsync: 'off', full_page_writes: 'off' };
  let server = await startPostgres({ dataDir, settings });
  await migrateDatabase(server.url);
  return {
    url: server.url,
    async restart() {
      const { port } = server;
      await server.stop();
      server = await startPostgres({ dataDir, port, settings });
    },
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
