import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const SCRIPTS = path.join(import.meta.dirname, '..');

/** Runs a module of the bootstrap in a process with this environment and gives what it printed. */
function evaluate(expression: string, module: string, env: NodeJS.ProcessEnv = {}): unknown {
  const source = `const module = await import(${JSON.stringify(path.join(SCRIPTS, 'bootstrap', module))});
    process.stdout.write(JSON.stringify(${expression}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8', env });
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

test('an unknown command is answered with the known ones', () => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(SCRIPTS, 'bootstrap.mjs'), 'strat'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toBe('Unknown command "strat"; there are: start, test, demo, keys, bench, chaos\n');
});

test('what npm adds to the environment is taken out, the way to the registry stays, and there is a home', () => {
  const env = { PATH: '/bin', HOME: '', npm_config_omit: 'dev', npm_lifecycle_event: 'start', npm_config_registry: 'https://registry.example' };
  const cleaned = evaluate('module.cleanEnvironment()', 'command.mjs', env) as Record<string, string>;
  expect(cleaned).not.toHaveProperty('npm_config_omit');
  expect(cleaned).not.toHaveProperty('npm_lifecycle_event');
  expect(cleaned).toMatchObject({ npm_config_registry: 'https://registry.example', HOME: expect.stringMatching(/^\//) });
  expect(cleaned['PATH']).toMatch(/node_modules\/\.bin:\/bin$/);
});

test('a digest follows contents and names, in folders as well', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'armoricore-stamp-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const digest = (): unknown => evaluate(`module.digestOf(['src', 'missing'], { root: ${JSON.stringify(root)} })`, 'stamp.mjs');
  await mkdir(path.join(root, 'src/deep'), { recursive: true });
  await writeFile(path.join(root, 'src/deep/a'), '1');
  const first = digest();
  expect(digest()).toBe(first);
  await writeFile(path.join(root, 'src/deep/a'), '2');
  const second = digest();
  await rename(path.join(root, 'src/deep/a'), path.join(root, 'src/deep/b'));
  expect(new Set([first, second, digest()]).size).toBe(3);
});
