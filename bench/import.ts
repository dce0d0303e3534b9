/**
 * How long `import '@armoricore/realtime/engine'` takes in a fresh process, as published (compiled into a temporary folder) and
 * from the sources: `npm run bench -- import [--runs N]`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '..');
const MEASURE = "const start = performance.now(); await import('@armoricore/realtime/engine'); console.log(performance.now() - start);";

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1 || runs > 100) throw new RangeError(`--runs ${values.runs}: a whole number from 1 to 100 is allowed`);

const published = mkdtempSync(path.join(tmpdir(), 'armoricore-import-'));
try {
  for (const name of ['shared', 'realtime']) publish(name);
  symlinkSync(realpathSync(path.join(ROOT, 'packages/realtime/node_modules/ws')), path.join(published, 'node_modules/ws'));
  process.stdout.write(`| import of the engine | median ms | fastest ms |\n| --- | --- | --- |\n${row('published', published)}${row('sources', path.join(ROOT, 'bench'))}`);
} finally {
  rmSync(published, { recursive: true });
}

/** Compiles a package to where an installed one would be, with the exports of a published one. */
function publish(name: string): void {
  const source = path.join(ROOT, 'packages', name);
  const target = path.join(published, 'node_modules/@armoricore', name);
  mkdirSync(target, { recursive: true });
  const options = ['--noCheck', '--composite', 'false', '--declaration', 'false', '--sourceMap', 'false'];
  execFileSync(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', source, ...options, '--outDir', path.join(target, 'dist')], { stdio: 'inherit' });
  const { type, publishConfig } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8')) as { type: string; publishConfig: { exports: object } };
  writeFileSync(path.join(target, 'package.json'), JSON.stringify({ name: `@armoricore/${name}`, type, exports: publishConfig.exports }));
}

function row(title: string, cwd: string): string {
  const once = (): number => Number(execFileSync(process.execPath, ['--input-type=module', '--eval', MEASURE], { cwd }));
  once(); // So that the files are in the system's cache.
  const times = Array.from({ length: runs }, once).toSorted((a, b) => a - b);
  return `| ${title} | ${times[Math.floor(runs / 2)]!.toFixed(0)} | ${times[0]!.toFixed(0)} |\n`;
}
