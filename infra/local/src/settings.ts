import {
  authConfig, ConfigError, databaseConfig, httpConfig, loadConfig, opsConfig, optional, processConfig, storageConfig, text,
} from '@armoricore/shared/config';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository; relative folders in the environment start here. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const launcherConfig = {
  NODE_ENV: processConfig.NODE_ENV,
  LOG_LEVEL: processConfig.LOG_LEVEL,
  STOP_GRACE_MS: processConfig.STOP_GRACE_MS,
  PORT: httpConfig.PORT,
  HOST: httpConfig.HOST,
  JOBS_PORT: opsConfig.JOBS_PORT,
  DATA_DIR: text({ default: './.data', doc: 'Folder of everything that is kept: database, objects, secrets.' }),
  DATABASE_URL: optional(databaseConfig.DATABASE_URL),
  JWT_SECRET: optional(authConfig.JWT_SECRET),
  SECRET_KEY_BASE: optional(storageConfig.SECRET_KEY_BASE),
  JWT_ISSUER: authConfig.JWT_ISSUER,
  JWT_AUDIENCE: authConfig.JWT_AUDIENCE,
};

/** Where the realtime process finds keys of tokens without JWT_SECRET; the last two are the key store's. */
const OTHER_TOKEN_KEYS = ['JWT_PUBLIC_KEY', 'JWKS_URL', 'MASTER_KEY', 'MASTER_KEY_FILE'];

type Environment = Record<string, string | undefined>;
export type LauncherSettings = ReturnType<typeof readSettings>;

/**
 * What the launcher reads itself; everything else in the environment goes to the processes as it is.
 * @throws ConfigError with one line per fault. In production secrets are never made up: their absence is a fault.
 */
export function readSettings(env: Environment) {
  const { launcher } = loadConfig({ launcher: launcherConfig }, env);
  if (launcher.NODE_ENV === 'production') {
    const needed = OTHER_TOKEN_KEYS.some((name) => env[name]) ? (['SECRET_KEY_BASE'] as const) : (['JWT_SECRET', 'SECRET_KEY_BASE'] as const);
    const missing = needed.filter((name) => launcher[name] === undefined);
    if (missing.length > 0) {
      throw new ConfigError(missing.map((name) => `${name}: is not set; needed in production: ${launcherConfig[name].allowed}`));
    }
  }
  // Who leaves one port to chance and says nothing of the other leaves both.
  const JOBS_PORT = launcher.PORT === 0 && !env['JOBS_PORT'] ? 0 : launcher.JOBS_PORT;
  return { ...launcher, JOBS_PORT, DATA_DIR: path.resolve(ROOT, launcher.DATA_DIR) };
}

/** What the launcher found out or made; the processes get it with the environment. */
export interface Resolved {
  PORT: number;
  /** 0: the jobs process picks a free one. */
  JOBS_PORT: number;
  DATABASE_URL: string;
  /** Not there in production, when the keys of tokens are elsewhere. */
  JWT_SECRET: string | undefined;
  SECRET_KEY_BASE: string;
}

/** The environment of the processes: that of the launcher, with the embedded defaults where it says nothing. */
export function childEnvironment(env: Environment, settings: LauncherSettings, resolved: Resolved): NodeJS.ProcessEnv {
  const { DATA_DIR, NODE_ENV, HOST } = settings;
  return {
    ...env,
    NODE_ENV,
    HOST,
    ...resolved,
    PORT: String(resolved.PORT),
    JOBS_PORT: String(resolved.JOBS_PORT),
    PUBLIC_URL: publicUrl(env, resolved.PORT),
    STORAGE_DIR: env['STORAGE_DIR'] || path.join(DATA_DIR, 'objects'),
    SCRATCH_DIR: env['SCRATCH_DIR'] || path.join(DATA_DIR, 'scratch'),
    WEB_DIR: env['WEB_DIR'] || path.join(ROOT, 'packages/web/dist'),
  };
}

export function publicUrl(env: Environment, port: number): string {
  return env['PUBLIC_URL'] || `http://localhost:${port}`;
}
