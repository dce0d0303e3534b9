/**
 * Plays the recordings of real Phoenix against the engine: `npm run conformance`. The suite is not part of this repository;
 * it is looked for in CONFORMANCE_DIR, else beside the repository in `shared/conformance`. Further arguments are the
 * suite's (`--only handshake`). Exit code 1 when a scenario fails that is not listed in deviations.ts, or a listed one passes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEVIATIONS } from './deviations.ts';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
const suite = process.env['CONFORMANCE_DIR'] ?? path.resolve(PACKAGE, '../../../shared/conformance');

interface Scenario {
  name: string;
  ok: boolean;
}

/** Starts the application on a free port. */
async function startApplication(): Promise<{ app: ChildProcess; port: string }> {
  const app = spawn(process.execPath, [path.join(import.meta.dirname, 'app.ts'), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(app.stdout!, 'data'), once(app, 'exit')])) as [Buffer | number];
  const port = /on (\d+)/.exec(String(line))?.[1];
  if (port === undefined) throw new Error(`the application did not start: ${String(line)}`);
  return { app, port };
}

/** Plays the suite from a copy, beside which its one dependency stands. */
async function play(folder: string, port: string): Promise<Scenario[]> {
  await cp(suite, folder, { recursive: true });
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(await realpath(path.join(PACKAGE, 'node_modules/ws')), path.join(folder, 'node_modules/ws'));
  const report = path.join(folder, 'report.json');
  const url = `ws://127.0.0.1:${port}/socket`;
  const args = ['conformance.mjs', 'check', '--url', url, '--golden', 'golden.json', '--jobs', '4', '--report', report, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'inherit' });
  await once(child, 'exit');
  return JSON.parse(await readFile(report, 'utf8')) as Scenario[];
}

function judge(scenarios: readonly Scenario[]): number {
  const listed = (name: string): boolean => DEVIATIONS.some((deviation) => deviation === name);
  const surprises = scenarios.filter(({ name, ok }) => ok === listed(name));
  for (const { name, ok } of surprises) process.stdout.write(ok ? `${name} passes: take it off the deviations\n` : `${name} fails and is no listed deviation\n`);
  const expected = scenarios.filter(({ name, ok }) => !ok && listed(name)).length;
  process.stdout.write(`${scenarios.length} scenarios: ${scenarios.length - expected - surprises.length} as Phoenix, ${expected} listed deviations, ${surprises.length} surprises\n`);
  return surprises.length === 0 ? 0 : 1;
}

if (!existsSync(path.join(suite, 'conformance.mjs'))) {
  process.stderr.write(`There is no conformance suite in ${suite}; name its folder in CONFORMANCE_DIR.\n`);
  process.exit(2);
}
const folder = await mkdtemp(path.join(tmpdir(), 'armoricore-conformance-'));
const { app, port } = await startApplication();
try {
  process.exitCode = judge(await play(folder, port));
} finally {
  app.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
