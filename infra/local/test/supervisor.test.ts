import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '@armoricore/shared/config';
import { createLog } from '@armoricore/shared/kernel';
import { waitFor } from '../../../test/support/wait.ts';
import { createOutput } from '../src/output.ts';
import { supervise, type Supervised, type SupervisorOptions } from '../src/supervisor.ts';
import { runs, temporaryFolder } from './support/processes.ts';

type Behaviour = 'steady' | 'stubborn' | 'crash' | 'config' | 'parent';

interface Watched {
  child: Supervised;
  /** The launcher's own log records. */
  logged: Record<string, unknown>[];
  /** The pids that the fixture recorded under a word. */
  recorded(word: 'start' | 'SIGTERM' | 'grandchild'): Promise<number[]>;
}

async function watched(behaviour: Behaviour, options: Partial<SupervisorOptions> = {}): Promise<Watched> {
  const record = path.join(await temporaryFolder(), 'record');
  const logged: Record<string, unknown>[] = [];
  const log = createLog('launcher', 'info', { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) });
  const spec = {
    name: behaviour,
    script: fileURLToPath(new URL('fixtures/child.ts', import.meta.url)),
    cwd: process.cwd(),
    env: { ...process.env, RECORD: record, BEHAVIOUR: behaviour },
    output: createOutput(process.stdout),
  };
  const child = supervise(spec, { log, stopGraceMs: 5_000, baseMs: 10, ...options });
  onTestFinished(() => child.stop());
  const recorded: Watched['recorded'] = async (word) => {
    const lines = (await readFile(record, 'utf8').catch(() => '')).split('\n');
    return lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]));
  };
  return { child, logged, recorded };
}

test('a child that crashes is started again, each time after a longer wait up to the longest', async () => {
  const { logged } = await watched('crash', { baseMs: 10, maxMs: 40 });
  await waitFor(() => logged.length >= 4);
  expect(logged.slice(0, 4).map(({ failures, waitMs, code }) => ({ failures, waitMs, code }))).toEqual([
    { failures: 1, waitMs: 10, code: 3 },
    { failures: 2, waitMs: 20, code: 3 },
    { failures: 3, waitMs: 40, code: 3 },
    { failures: 4, waitMs: 40, code: 3 },
  ]);
});

test('a failure after a healthy time is a first failure again', async () => {
  const { logged } = await watched('crash', { healthyMs: 0 });
  await waitFor(() => logged.length >= 3);
  expect(logged.slice(0, 3).map(({ waitMs }) => waitMs)).toEqual([10, 10, 10]);
});

test('a child that is killed comes back', async () => {
  const { child, recorded } = await watched('steady');
  await child.ready;
  const killed = child.pid()!;
  process.kill(killed, 'SIGKILL');
  const pid = await waitFor(async () => (await recorded('start')).find((started) => started !== killed));
  expect(child.pid()).toBe(pid);
});

test('stop is a SIGTERM and leaves nobody', async () => {
  const { child, recorded } = await watched('steady');
  await child.ready;
  const pid = child.pid()!;
  await child.stop();
  await child.ended;
  expect(await recorded('SIGTERM')).toEqual([pid]);
  expect(await runs(pid)).toBe(false);
});

test('a child that does not stop in time is killed', async () => {
  const { child, recorded } = await watched('stubborn', { stopGraceMs: 200 });
  await child.ready;
  const pid = child.pid()!;
  await child.stop();
  expect(await recorded('SIGTERM')).toEqual([pid]);
  expect(await runs(pid)).toBe(false);
});

test('stop during the wait for a restart ends the wait', async () => {
  const { child, logged } = await watched('crash', { baseMs: 60_000, maxMs: 60_000 });
  await waitFor(() => logged.length === 1);
  await child.stop();
  expect(child.pid()).toBeUndefined();
});

test('what a child started does not outlive it', async () => {
  const { child, recorded } = await watched('parent');
  await child.ready;
  const [grandchild] = await recorded('grandchild');
  process.kill(child.pid()!, 'SIGKILL');
  await waitFor(async () => !(await runs(grandchild!)));
});

test('restart replaces the child without counting a failure', async () => {
  const { child, logged, recorded } = await watched('steady');
  await child.ready;
  child.restart();
  await waitFor(async () => (await recorded('start')).length === 2);
  expect(await recorded('SIGTERM')).toHaveLength(1);
  expect(logged.map(({ msg }) => msg)).not.toContain('ended unexpectedly; will be started again');
});

test('restart ends the wait of a child that crashes', async () => {
  const { child, logged, recorded } = await watched('crash', { baseMs: 60_000, maxMs: 60_000 });
  await waitFor(() => logged.length === 1);
  child.restart();
  await waitFor(async () => (await recorded('start')).length === 2);
});

test('a child that refuses its configuration is not started again', async () => {
  const { child, recorded } = await watched('config');
  await expect(child.ended).rejects.toThrow(ConfigError);
  expect(await recorded('start')).toHaveLength(1);
});
