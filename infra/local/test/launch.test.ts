import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NODE_FLAGS } from '@armoricore/realtime/node-flags';
import { waitFor } from '../../../test/support/wait.ts';
import { ROOT } from '../src/settings.ts';
import { runs, temporaryFolder } from './support/processes.ts';

interface Launched {
  process: ChildProcess;
  /** All that it and its children wrote. */
  output(): string;
  exitCode: Promise<number | null>;
}

function launch(env: Record<string, string>): Launched {
  const launcher = spawn(process.execPath, [path.join(ROOT, 'infra/local/src/main.ts')], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [launcher.stdout, launcher.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  onTestFinished(async () => {
    if (launcher.exitCode === null && launcher.signalCode === null) launcher.kill('SIGTERM');
    await exitCode;
  });
  const exitCode = once(launcher, 'close').then(([code]) => code as number | null);
  return { process: launcher, output: () => output, exitCode };
}

async function untilReady(launched: Launched): Promise<string> {
  try {
    return await waitFor(() => /URL +(http:\S+)/.exec(launched.output())?.[1], { timeoutMs: 25_000, what: 'the banner' });
  } catch (cause) {
    throw new Error(`Not ready; it wrote:\n${launched.output()}`, { cause });
  }
}

/** The command lines of the processes whose environment, arguments or working folder name the data folder. */
async function processesOf(dataDir: string): Promise<string[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 1 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, ...traces] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ]);
      const isOurs = [command, ...traces].some((trace) => trace.includes(dataDir));
      return isOurs && (await runs(pid)) ? [command.replaceAll('\0', ' ')] : [];
    }),
  );
  return found.flat();
}

test('all is ready, twice side by side, and after SIGINT nobody is left', async () => {
  const folders = [await temporaryFolder(), await temporaryFolder()];
  const both = folders.map((DATA_DIR) => launch({ DATA_DIR }));
  for (const launched of both) {
    const response = await fetch(`${await untilReady(launched)}/health/ready`);
    expect(response.status).toBe(200);
    launched.process.kill('SIGINT');
    expect(await launched.exitCode).toBe(0);
  }
  for (const folder of folders) expect(await processesOf(folder)).toEqual([]);
});

test('the token of the banner is accepted', async () => {
  const launched = launch({ DATA_DIR: await temporaryFolder() });
  const url = await untilReady(launched);
  const token = await waitFor(() => /^eyJ\S+$/m.exec(launched.output())?.[0]);
  const response = await fetch(`${url}/api/v1/media/none`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(404);
});

test('after kill -9 of the launcher nobody is left', async () => {
  const DATA_DIR = await temporaryFolder();
  const launched = launch({ DATA_DIR });
  await untilReady(launched);
  const commands = (await processesOf(DATA_DIR)).join('\n');
  const realtime = `${NODE_FLAGS.join(' ')} ${path.join(ROOT, 'packages/realtime/src/main.ts')}`;
  for (const part of ['local/src/main.ts', realtime, 'jobs/src/main.ts', 'bin/postgres']) expect(commands).toContain(part);
  launched.process.kill('SIGKILL');
  await waitFor(async () => (await processesOf(DATA_DIR)).length === 0, { what: 'the end of all processes' });
});

test('a process that is killed comes back', async () => {
  const launched = launch({ DATA_DIR: await temporaryFolder() });
  const url = await untilReady(launched);
  // The child's log may come after the banner of its parent.
  const pid = await waitFor(() => Number(/"service":"realtime","pid":(\d+)/.exec(launched.output())?.[1]), { what: 'the log of realtime' });
  process.kill(pid, 'SIGKILL');
  await waitFor(() => launched.output().match(/"service":"realtime".*"listening"/g)?.length === 2, { what: 'the second start' });
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
});

test('a second start on the same data names the first', async () => {
  const DATA_DIR = await temporaryFolder();
  const first = launch({ DATA_DIR });
  await untilReady(first);
  const second = launch({ DATA_DIR });
  expect(await second.exitCode).toBe(1);
  expect(second.output()).toBe(`DATA_DIR ${DATA_DIR} is in use by another start (pid ${first.process.pid}): stop it or choose another DATA_DIR\n`);
});

test('a busy PORT is named before anything starts', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void busy.close());
  await once(busy, 'listening');
  const { port } = busy.address() as AddressInfo;
  const DATA_DIR = await temporaryFolder();
  const launched = launch({ DATA_DIR, PORT: String(port) });
  expect(await launched.exitCode).toBe(1);
  expect(launched.output()).toBe(`PORT ${port} is in use on 127.0.0.1: stop what listens there or set PORT to another\n`);
  expect(await readdir(DATA_DIR)).not.toContain('postgres');
});

test('a busy JOBS_PORT is no reason not to start', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void busy.close());
  await once(busy, 'listening');
  const { port } = busy.address() as AddressInfo;
  const launched = launch({ DATA_DIR: await temporaryFolder(), JOBS_PORT: String(port) });
  await untilReady(launched);
  const [, address = ''] = /"service":"jobs",.*"address":"([^"]+)"/.exec(launched.output()) ?? [];
  expect(address).not.toContain(`:${port}`);
  expect((await fetch(`${address}/health/ready`)).status).toBe(200);
});

test('faults of the configuration stop the start: our own, and those of a process', async () => {
  const own = launch({ DATA_DIR: await temporaryFolder(), PORT: 'http', NODE_ENV: 'production' });
  expect(await own.exitCode).toBe(78);
  expect(own.output()).toMatch(/^PORT: is "http"; needed: a whole number.*\n$/);

  const childs = launch({ DATA_DIR: await temporaryFolder(), MEDIA_CONCURRENCY: 'many' });
  expect(await childs.exitCode).toBe(78);
  expect(childs.output()).toContain('MEDIA_CONCURRENCY: is "many"; needed: a whole number from 1 to 64');
});

test('a database that does not answer is said', async () => {
  const launched = launch({ DATA_DIR: await temporaryFolder(), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect(await launched.exitCode).toBe(1);
  expect(launched.output()).toContain('The database cannot be brought to the newest schema: connect ECONNREFUSED 127.0.0.1:1');
});
