/**
 * The key store from the command line: `npm run keys -- list | add NAME | rotate NAME | remove NAME [VERSION] | rotate-master`.
 * Values come from standard input and are never printed.
 */
import { ConfigError, databaseConfig, keyConfig, loadConfig, readEnvironment } from '../packages/shared/src/config/index.ts';
import { openDatabase } from '../packages/shared/src/db/index.ts';
import { openKeyStore } from '../packages/shared/src/keys/index.ts';
import { AppError, describeError, silentLog } from '../packages/shared/src/kernel/index.ts';
import { userInfo } from 'node:os';
import { runCommand, UsageError } from './keys/commands.ts';

const env = readEnvironment();

try {
  const config = loadConfig({ database: { DATABASE_URL: databaseConfig.DATABASE_URL }, keys: keyConfig }, env);
  const database = openDatabase(config.database.DATABASE_URL, { max: 1, log: silentLog });
  try {
    const store = openKeyStore(config.keys, database.db, `cli:${userInfo().username}`);
    if (store === null) throw new ConfigError(['MASTER_KEY: is not set, nor MASTER_KEY_FILE; make one with: openssl rand -base64 32']);
    const lines = await runCommand(process.argv.slice(2), { store, env, input: process.stdin });
    for (const line of lines) process.stdout.write(`${line}\n`);
  } finally {
    await database.stop();
  }
} catch (error) {
  const known = error instanceof ConfigError || error instanceof UsageError || error instanceof AppError;
  process.stderr.write(`${known && !(error instanceof AppError) ? error.message : describeError(error)}\n`);
  if (error instanceof AppError) process.stderr.write(`${JSON.stringify({ reason: error.code, ...error.details })}\n`);
  process.exitCode = 1;
}
