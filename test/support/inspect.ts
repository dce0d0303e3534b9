import { readFile } from 'node:fs/promises';
import { openDatabase, type DatabaseHandle } from '../../packages/shared/src/db/index.ts';
import { silentLog } from '../../packages/shared/src/kernel/index.ts';
import type { Product } from './product.ts';

/** The product's database; its URL is in the environment of its processes. */
export async function databaseOf(product: Product): Promise<DatabaseHandle> {
  const jobs = (await product.processes()).find(({ command }) => command.includes('packages/jobs/src/main.ts'));
  if (jobs === undefined) throw new Error('the jobs process does not run');
  const environment = (await readFile(`/proc/${jobs.pid}/environ`, 'utf8')).split('\0');
  const url = environment.find((entry) => entry.startsWith('DATABASE_URL='))!.slice('DATABASE_URL='.length);
  return openDatabase(url, { max: 1, log: silentLog });
}
