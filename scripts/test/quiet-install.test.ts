import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const MODULE = path.join(import.meta.dirname, '../bootstrap/quiet-install.mjs');
const YES = 104;
const NO = 101;

/** Asks the policy against two units, as long as process `pid` lives, the way Debian's tools do. */
function ask(pid: number | undefined, ...question: string[]): number | null {
  const source = `const { policyAgainst } = await import(${JSON.stringify(MODULE)});
    process.stdout.write(policyAgainst(['redis-server.service', 'epmd.socket'], ${pid}));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
  return spawnSync('/bin/sh', ['-c', stdout, 'policy-rc.d', ...question]).status;
}

test('the policy forbids the start of the services that are installed, by both of their names, and of no other', () => {
  expect(ask(process.pid, 'redis-server', 'start')).toBe(NO);
  expect(ask(process.pid, '--quiet', 'redis-server', 'start', '2')).toBe(NO);
  expect(ask(process.pid, 'redis-server.service', 'start')).toBe(NO);
  expect(ask(process.pid, 'epmd.socket', 'start')).toBe(NO);
  expect(ask(process.pid, 'ssh', 'restart')).toBe(YES);
  expect(ask(process.pid, 'redis-server-other', 'start')).toBe(YES);
});

test('a policy that a killed bootstrap left behind forbids nothing', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  expect(ask(pid, 'redis-server', 'start')).toBe(YES);
});
