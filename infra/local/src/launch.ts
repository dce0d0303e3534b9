import { NODE_FLAGS } from '@armoricore/realtime/node-flags';
import { issueToken } from '@armoricore/realtime/tokens';
import { migrateDatabase } from '@armoricore/shared/db';
import type { Log } from '@armoricore/shared/kernel';
import path from 'node:path';
import { banner } from './banner.ts';
import { lockFolder } from './lock.ts';
import type { Output } from './output.ts';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { keepSecret } from './secrets.ts';
import { childEnvironment, publicUrl, ROOT, type LauncherSettings, type Resolved } from './settings.ts';
import { supervise, type Supervised } from './supervisor.ts';
import { watchFolder } from './watch.ts';

/** A process stops its parts one after another, each with STOP_GRACE_MS; most take none of it. */
const STOP_MARGIN_MS = 5_000;

export interface LaunchOptions {
  env: Record<string, string | undefined>;
  settings: LauncherSettings;
  output: Output;
  log: Log;
  watch: boolean;
}

/**
 * Starts everything in order and puts what ends each part on `parts`, which undoes it in reverse order. Once all
 * runs it stays pending; it rejects when something cannot start or breaks for good.
 */
export async function launch(options: LaunchOptions, parts: AsyncDisposableStack): Promise<void> {
  const { env, settings, log } = options;
  const lock = await lockFolder(settings.DATA_DIR);
  parts.defer(() => lock.release());
  const PORT = await choosePort(settings);
  const JOBS_PORT = await chooseJobsPort(settings);
  const database = await provideDatabase(settings, log, parts);
  await migrateDatabase(database.url).catch((cause: unknown) => {
    throw new Error('The database cannot be brought to the newest schema', { cause });
  });
  const secrets = path.join(settings.DATA_DIR, 'secrets');
  const JWT_SECRET = settings.JWT_SECRET ?? (settings.NODE_ENV === 'production' ? undefined : await keepSecret(secrets, 'JWT_SECRET'));
  const SECRET_KEY_BASE = settings.SECRET_KEY_BASE ?? (await keepSecret(secrets, 'SECRET_KEY_BASE'));

  const resolved = { PORT, JOBS_PORT, DATABASE_URL: database.url, JWT_SECRET, SECRET_KEY_BASE };
  const children = superviseChildren(options, resolved, parts);
  const broken = Promise.race([database.broken, ...children.map((child) => child.ended)]);
  await Promise.race([Promise.all(children.map((child) => child.ready)), broken]);

  const facts = { url: publicUrl(env, PORT), dataDir: settings.DATA_DIR, database: database.name };
  const token = settings.NODE_ENV === 'development' && JWT_SECRET !== undefined ? { token: await demoToken(JWT_SECRET, settings) } : {};
  process.stdout.write(banner({ ...facts, ...token }));
  await broken;
}

function demoToken(secret: string, { JWT_ISSUER, JWT_AUDIENCE }: LauncherSettings): Promise<string> {
  return issueToken({ secret, issuer: JWT_ISSUER, audience: JWT_AUDIENCE }, { userId: 'demo', ttlS: 12 * 3600 });
}

/** Looks at the port before anything starts. */
async function choosePort({ PORT, HOST }: LauncherSettings): Promise<number> {
  try {
    return await freePort(PORT, HOST);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new Error(`PORT ${PORT} is in use on ${HOST}: stop what listens there or set PORT to another`);
    throw new Error(`PORT ${PORT} on HOST ${HOST} cannot be listened on`, { cause: error });
  }
}

/** Probes and metrics of the jobs process are no reason not to start: when their port is in use they get another. */
async function chooseJobsPort({ JOBS_PORT, HOST }: LauncherSettings): Promise<number> {
  return freePort(JOBS_PORT, HOST).then(
    () => JOBS_PORT,
    () => 0,
  );
}

interface ProvidedDatabase {
  name: string;
  url: string;
  /** Rejects when the embedded server ends by itself. */
  broken: Promise<never>;
}

async function provideDatabase(settings: LauncherSettings, log: Log, parts: AsyncDisposableStack): Promise<ProvidedDatabase> {
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined); // Whoever wants to know awaits it.
  if (settings.DATABASE_URL !== undefined) return { name: 'DATABASE_URL', url: settings.DATABASE_URL, broken: broken.promise };

  const postgres = await startPostgres({
    dataDir: path.join(settings.DATA_DIR, 'postgres'),
    log: (line) => (/ (ERROR|FATAL|PANIC): /.test(line) ? log.warn({ part: 'postgres' }, line) : log.debug({ part: 'postgres' }, line)),
  });
  parts.defer(() => postgres.stop());
  postgres.ended.then(
    () => broken.reject(new Error('PostgreSQL ended unexpectedly')),
    (error: unknown) => broken.reject(error),
  );
  return { name: `embedded PostgreSQL on port ${postgres.port}`, url: postgres.url, broken: broken.promise };
}

function superviseChildren(options: LaunchOptions, resolved: Resolved, parts: AsyncDisposableStack): Supervised[] {
  const { env, settings, output, log, watch } = options;
  const childEnv = childEnvironment(env, settings, resolved);
  const start = ([name, nodeFlags]: [string, readonly string[]]): Supervised => {
    const spec = { name, script: sourcesOf(name, 'main.ts'), nodeFlags, cwd: ROOT, env: childEnv, output };
    return supervise(spec, { log, stopGraceMs: settings.STOP_GRACE_MS + STOP_MARGIN_MS });
  };
  const children = Object.entries({ realtime: NODE_FLAGS, jobs: [] }).map(start);
  parts.defer(async () => void (await Promise.all(children.map((child) => child.stop()))));

  for (const folder of watch ? ['shared', 'realtime', 'jobs'] : []) {
    const affected = children.filter((child) => folder === 'shared' || folder === child.name);
    const stopWatching = watchFolder(sourcesOf(folder), (file) => {
      log.info({ file: path.relative(ROOT, file) }, 'changed; restarting');
      for (const child of affected) child.restart();
    });
    parts.defer(stopWatching);
  }
  return children;
}

function sourcesOf(packageName: string, file = ''): string {
  return path.join(ROOT, 'packages', packageName, 'src', file);
}
