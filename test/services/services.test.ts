import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freshName, freshRedis } from '../support/services/fresh.ts';
import { startNats } from '../support/services/nats.ts';
import { startService } from '../support/services/process.ts';
import { startRabbit } from '../support/services/rabbitmq.ts';
import { startRedis } from '../support/services/redis.ts';
import { converse } from '../support/services/tcp.ts';
import { waitFor } from '../support/wait.ts';
import { declareQueue, jetStream, QUEUE_DECLARED } from './messages.ts';

const ANSWER_DEADLINE_MS = 10_000;

function ask(url: string, words: string, answer: RegExp): Promise<string | undefined> {
  return converse(Number(new URL(url).port), words, answer, ANSWER_DEADLINE_MS).then((match) => match[1]);
}

/** The pids of a server and of whatever it started: all of them inherit the folder as their home. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`HOME=${folder}`);
    } catch {
      return false; // It ended meanwhile, or is not ours to look at.
    }
  });
}

const isGone = (folder: string): boolean => !existsSync(folder) && processesOf(folder).length === 0;

/** Each service, what is written before it goes, and what has to be read when it is back. */
const KINDS = [
  {
    name: 'redis',
    startIt: () => startRedis(),
    write: (url: string) => ask(url, 'SET answer 42\r\n', /^\+OK/),
    read: (url: string) => ask(url, 'GET answer\r\n', /^\$2\r\n(42)\r\n/),
    kept: '42',
  },
  {
    name: 'nats',
    startIt: startNats,
    write: (url: string) => ask(url, jetStream('STREAM.CREATE.kept', { name: 'kept', subjects: ['kept.>'] }), /"did_create":true/),
    read: (url: string) => ask(url, jetStream('STREAM.INFO.kept'), /"name":"(kept)"/),
    kept: 'kept',
  },
  {
    name: 'rabbitmq',
    startIt: startRabbit,
    write: (url: string) => ask(url, declareQueue('test_queue'), QUEUE_DECLARED),
    read: (url: string) => ask(url, declareQueue('test_queue', { passive: true }), QUEUE_DECLARED),
    kept: 'test_queue',
  },
];

test.for(KINDS)('$name keeps data and address over a restart and a crash, and leaves nothing', async ({ startIt, write, read, kept }) => {
  const service = await startIt();
  onTestFinished(() => service.stop());
  expect(statSync(service.folder).mode & 0o777).toBe(0o700);
  await write(service.url);

  await service.restart();
  expect(await read(service.url)).toBe(kept);

  await service.kill9();
  await expect(read(service.url)).rejects.toThrow(/ECONNREFUSED/);
  await service.start();
  expect(await read(service.url)).toBe(kept);
  expect(processesOf(service.folder)).not.toEqual([]);

  await service.stop();
  await waitFor(() => isGone(service.folder), { what: 'the end of all processes and of the folder' });
});

test('a service that was killed can be stopped, and stopped again', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  await redis.kill9();
  await redis.stop();
  await redis.stop();
  expect(isGone(redis.folder)).toBe(true);
});

test('after kill -9 of the test runner no process and no folder is left', async () => {
  const runner = spawn(process.execPath, [path.join(import.meta.dirname, 'launcher.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void runner.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: runner.stdout }), 'line')) as [string];
  const folders = JSON.parse(line) as string[];
  expect(folders.map((folder) => processesOf(folder).length > 0)).toEqual([true, true, true]);

  runner.kill('SIGKILL');
  await waitFor(() => folders.every(isGone), { timeoutMs: 20_000, what: 'the end of all processes and folders' });
});

test('a server that cannot start says why', async () => {
  await expect(startRedis({ settings: { maxmemory: 'plenty' } })).rejects.toThrow(/redis did not start.*maxmemory.*plenty/s);
});

test('a program that is missing is named, and no folder stays', async () => {
  const folders: string[] = [];
  const missing = startService({
    name: 'missing',
    prepare: async (folder) => {
      folders.push(folder);
      return { command: ['no-such-server'], port: 1 };
    },
    hello: { words: '', answer: /./ },
    url: () => '',
  });
  await expect(missing).rejects.toThrow(/no-such-server: not found/);
  expect(folders.map(isGone)).toEqual([true]);
});

test('the shared servers answer on 127.0.0.1 and on no other address', async () => {
  expect(await ask(inject('redisUrl'), 'PING\r\n', /^\+(PONG)/)).toBe('PONG');
  expect(await ask(inject('natsUrl'), jetStream('INFO'), /"type":"([^"]+)"/)).toBe('io.nats.jetstream.api.v1.account_info_response');
  expect(await ask(inject('rabbitUrl'), declareQueue('test_queue'), QUEUE_DECLARED)).toBe('test_queue');
  for (const url of [inject('redisUrl'), inject('natsUrl'), inject('rabbitUrl')]) {
    const elsewhere = connect(Number(new URL(url).port), '127.0.0.2'); // A server on all addresses would answer here.
    await expect(once(elsewhere, 'connect')).rejects.toThrow(/ECONNREFUSED/);
  }
});

test('fresh databases are empty and different, fresh names differ', async () => {
  const urls = await Promise.all([freshRedis(), freshRedis(), freshRedis()]);
  expect(new Set(urls).size).toBe(3);
  for (const url of urls) {
    const select = `SELECT ${new URL(url).pathname.slice(1)}\r\n`;
    expect(await ask(url, `${select}DBSIZE\r\nSET mine 1\r\n`, /^\+OK\r\n:(\d+)\r\n\+OK\r\n/)).toBe('0');
  }
  expect(freshName('orders')).toMatch(/^orders_[0-9a-f]{16}$/);
  expect(freshName()).not.toBe(freshName());
});
