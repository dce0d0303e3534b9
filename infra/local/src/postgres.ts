import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { withDeadline } from '@armoricore/shared/kernel';
import { freePort } from './ports.ts';
import { findBinaries } from './postgres/binaries.ts';
import { ensureCluster, SUPERUSER } from './postgres/cluster.ts';
import { spawnGuarded, type Guarded } from './postgres/guard.ts';
import { clearLeftovers } from './postgres/leftover.ts';
import { chooseOwner, makeFolder, nameOfWorkingFolder } from './postgres/owner.ts';

const HOST = '127.0.0.1';
/** A server that was killed replays its log before it is ready; a large one takes a while. */
const START_DEADLINE_MS = 120_000;
/** How long a fast shutdown may take, and after it an immediate one. */
const STOP_PATIENCE_MS = 10_000;
const DEFAULTS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: 200,
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
};

export interface PostgresOptions {
  /** The folder of the cluster and its password; made when missing. The caller keeps others from using it meanwhile. */
  dataDir: string;
  /** A free port when not given. */
  port?: number;
  /** Gets each line of the server's log. */
  log?: (line: string) => void;
  /** Settings of postgresql.conf. */
  settings?: Record<string, string | number>;
}

export interface Postgres {
  /** Connection URL of the superuser. */
  url: string;
  port: number;
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<void>;
  /** Ends the server: open transactions are rolled back, clients disconnected. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that npm installed, on 127.0.0.1 only, over the data of earlier starts. The server ends with
 * this process, however that ends. As root, the server runs as an unprivileged user.
 * @throws Error when the port is busy, the platform has no binaries, or the server ends before it is ready (with its last words).
 */
export async function startPostgres({ dataDir, port = 0, log, settings = {} }: PostgresOptions): Promise<Postgres> {
  const home = path.resolve(dataDir);
  const clusterDir = path.join(home, 'data');
  const owner = await chooseOwner(clusterDir);
  const binaries = await findBinaries({ forAnyUser: owner !== undefined });
  await makeFolder(home, owner);
  await clearLeftovers(clusterDir);
  const password = await ensureCluster(clusterDir, binaries, owner);
  const listenPort = await freePort(port, HOST).catch((cause: unknown) => {
    throw new Error(`PostgreSQL cannot listen on ${HOST}:${port}: the port is in use or not allowed`, { cause });
  });

  const options = Object.entries({ ...DEFAULTS, ...settings, port: listenPort }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [path.join(binaries, 'bin/postgres'), '-D', nameOfWorkingFolder(clusterDir, owner), ...options];
  const server = spawnGuarded(command, { cwd: clusterDir, ...owner });
  const ended = once(server.process, 'exit').then(() => undefined);
  try {
    await untilReady(server, ended, log);
  } catch (error) {
    await end(server, ended);
    throw error;
  }
  return {
    url: `postgres://${SUPERUSER}:${password}@${HOST}:${listenPort}/postgres`,
    port: listenPort,
    ended,
    stop: () => end(server, ended),
  };
}

async function untilReady(server: Guarded, ended: Promise<void>, log: PostgresOptions['log']): Promise<void> {
  const tail: string[] = [];
  const lines = createInterface({ input: server.stderr });
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      log?.(line);
      if (tail.push(line) > 20) tail.shift();
      if (line.includes('database system is ready to accept connections')) resolve();
    });
  });
  const closed = Promise.all([ended, once(lines, 'close')]).then(() => {
    throw new Error(`PostgreSQL did not start:\n${tail.join('\n')}`);
  });
  closed.catch(() => undefined); // After the start, the end of the server is no error here.
  await withDeadline(Promise.race([ready, closed]), START_DEADLINE_MS, `PostgreSQL was not ready within ${START_DEADLINE_MS} ms`);
}

async function end(server: Guarded, ended: Promise<void>): Promise<void> {
  server.interrupt();
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    try {
      return await withDeadline(ended, STOP_PATIENCE_MS, 'still there');
    } catch {
      server.signal(signal);
    }
  }
  await ended;
}
