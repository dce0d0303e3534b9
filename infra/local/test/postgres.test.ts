import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { waitFor } from '../../../test/support/wait.ts';
import { startPostgres, type Postgres } from '../src/postgres.ts';
import { postmasterPid, runs, temporaryFolder } from './support/processes.ts';

const QUICK = { fsync: 'off', full_page_writes: 'off' };

async function start(dataDir: string, port?: number): Promise<Postgres> {
  const postgres = await startPostgres({ dataDir, settings: QUICK, ...(port === undefined ? {} : { port }) });
  onTestFinished(() => postgres.stop());
  return postgres;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const handle = openDatabase(url, { max: 1, log: silentLog });
  try {
    return (await handle.pool.query(sql)).rows as unknown[];
  } finally {
    await handle.stop();
  }
}

test('data and password survive a restart, on another port', async () => {
  const dataDir = await temporaryFolder();
  const first = await start(dataDir);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  await expect(query(first.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);

  const second = await start(dataDir);
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  expect((await stat(path.join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
});

test('a connection needs the password', async () => {
  const postgres = await start(await temporaryFolder());
  const url = new URL(postgres.url);
  url.password = 'guess';
  await expect(query(url.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
});

test('settings are durable unless told otherwise', async () => {
  const postgres = await startPostgres({ dataDir: await temporaryFolder() });
  onTestFinished(() => postgres.stop());
  expect(await query(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  expect(await query(postgres.url, 'SHOW max_connections')).toEqual([{ max_connections: '200' }]);
});

test('a pid file of a dead server does not stop the start', async () => {
  const dataDir = await temporaryFolder();
  const pidFile = path.join(dataDir, 'data/postmaster.pid');
  const first = await start(dataDir);
  await copyFile(pidFile, `${dataDir}/stale`);
  await first.stop();
  await writeFile(pidFile, await readFile(`${dataDir}/stale`));
  expect(await query((await start(dataDir)).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a pid file whose number now belongs to another program does not stop the start, nor end that program', async () => {
  const dataDir = await temporaryFolder();
  await (await start(dataDir)).stop();
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void other.kill('SIGKILL'));
  await writeFile(path.join(dataDir, 'data/postmaster.pid'), `${other.pid}\n${dataDir}/data\n`);
  expect(await query((await start(dataDir)).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await runs(other.pid!)).toBe(true);
});

test('a server that an earlier start left running is stopped first', async () => {
  const dataDir = await temporaryFolder();
  const left = await start(dataDir);
  const pid = await postmasterPid(dataDir);
  const next = await start(dataDir);
  await left.ended;
  expect(await runs(pid)).toBe(false);
  expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a busy port is named', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void busy.close());
  await once(busy, 'listening');
  const { port } = busy.address() as AddressInfo;
  await expect(startPostgres({ dataDir: await temporaryFolder(), port, settings: QUICK })).rejects.toThrow(`127.0.0.1:${port}`);
});

test('a server that cannot start says why', async () => {
  const dataDir = await temporaryFolder();
  await expect(startPostgres({ dataDir, settings: { work_mem: 'plenty' } })).rejects.toThrow(/work_mem.*plenty/s);
});

test('the end of the server is noticed', async () => {
  const dataDir = await temporaryFolder();
  const postgres = await start(dataDir);
  process.kill(await postmasterPid(dataDir), 'SIGQUIT');
  await postgres.ended;
});

test('after kill -9 of the launcher neither PostgreSQL nor the child is left', async () => {
  const dataDir = await temporaryFolder();
  const script = fileURLToPath(new URL('fixtures/launcher.ts', import.meta.url));
  const launcher = spawn(process.execPath, [script, dataDir], {
    env: { ...process.env, RECORD: path.join(dataDir, 'record') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void launcher.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: launcher.stdout }), 'line')) as [string];
  const { url, childPid } = JSON.parse(line) as { url: string; childPid: number };
  const pids = [await postmasterPid(dataDir), childPid];
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

  launcher.kill('SIGKILL');
  await waitFor(async () => !(await Promise.all(pids.map(runs))).includes(true), { what: 'the end of all processes' });
});

test('the server never runs as root', async () => {
  const dataDir = await temporaryFolder();
  await start(dataDir);
  expect((await stat(path.join(dataDir, 'data/postmaster.pid'))).uid).not.toBe(0);
});
