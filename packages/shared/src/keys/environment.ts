import { databaseConfig, keyConfig, loadConfig, type Fragments } from '../config/index.ts';
import { openDatabase } from '../db/index.ts';
import { silentLog } from '../kernel/index.ts';
import { loadMasterKey } from './open.ts';
import { createKeyStore } from './store.ts';

type Environment = Record<string, string | undefined>;

/** What opens the store, and what is read from it while the process runs, in all its versions. */
const NEVER_READ_HERE = new Set(['DATABASE_URL', 'MASTER_KEY', 'JWT_SECRET']);

/**
 * An environment, and for every secret setting of `fragments` that is not in it the current value that the key store has under the
 * variable's name. Without a master key, or before the first migration, the environment as it is.
 * @throws ConfigError for a wrong master key or database URL; AppError `key_unreadable`; what the database throws
 */
export async function withStoredSecrets(env: Environment, fragments: Fragments): Promise<Environment> {
  if (!env['MASTER_KEY'] && !env['MASTER_KEY_FILE']) return env;
  const { keys, database } = loadConfig({ keys: keyConfig, database: databaseConfig }, env);
  const master = loadMasterKey(keys);
  if (master === null) return env;
  const handle = openDatabase(database.DATABASE_URL, { max: 1, log: silentLog });
  try {
    const { rows } = await handle.pool.query<{ there: boolean }>(`SELECT to_regclass('keys') IS NOT NULL AS there`);
    if (!rows[0]?.there) return env;
    const store = createKeyStore(handle.db, master, 'environment');
    const stored: Environment = {};
    for (const name of namesOf(env, fragments)) [stored[name]] = await store.values(name);
    return { ...env, ...stored };
  } finally {
    await handle.stop();
  }
}

/** The secret settings that an environment does not have, under no name of theirs. */
function namesOf(env: Environment, fragments: Fragments): string[] {
  const settings = Object.values(fragments).flatMap((fragment) => Object.entries(fragment));
  return settings
    .filter(([name, { secret, aliases }]) => secret && !NEVER_READ_HERE.has(name) && ![name, ...aliases].some((known) => env[known]))
    .map(([name]) => name);
}
