import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Client } from 'pg';
import { ROOT, type Product } from './product.ts';

const { Client: PgClient } = createRequire(`${ROOT}/packages/shared/package.json`)('pg') as { Client: typeof Client };

/** A connection to the product's database; its URL is in the environment of its processes. */
export async function databaseOf(product: Product): Promise<Client> {
  const jobs = (await product.processes()).find(({ command }) => command.includes('packages/jobs/src/main.ts'));
  if (jobs === undefined) throw new Error('the jobs process does not run');
  const environment = (await readFile(`/proc/${jobs.pid}/environ`, 'utf8')).split('\0');
  const client = new PgClient({ connectionString: environment.find((entry) => entry.startsWith('DATABASE_URL='))!.slice('DATABASE_URL='.length) });
  client.on('error', () => undefined); // The product stops before its database is let go of.
  await client.connect();
  return client;
}
