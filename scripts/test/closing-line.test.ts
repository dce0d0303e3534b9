import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const FIXTURE = path.join(import.meta.dirname, 'fixtures/closing-line');
const VITEST = path.join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');

function lastLineOf(...files: string[]): { line: string | undefined; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [VITEST, 'run', '--root', FIXTURE, ...files], { encoding: 'utf8' });
  return { line: stdout.trimEnd().split('\n').at(-1), code: status };
}

test('tests are counted by outcome, skipped ones not at all', () => {
  expect(lastLineOf('outcomes')).toEqual({ line: '2 passed, 1 failed', code: 1 });
});

test('a file that does not load and an error that nobody caught are failures', () => {
  expect(lastLineOf('unloadable')).toEqual({ line: '0 passed, 1 failed', code: 1 });
  expect(lastLineOf('unhandled')).toEqual({ line: '1 passed, 1 failed', code: 1 });
});

test('a run that finds nothing to run is a failure', () => {
  expect(lastLineOf('no-such-file')).toEqual({ line: '0 passed, 1 failed', code: 1 });
});
