import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, Failure, NODE, ROOT, runQuietly, say } from './command.mjs';
import { digestOf, isStamped, stamp } from './stamp.mjs';

const STAMP = path.join(ROOT, 'node_modules/.armoricore-stamp');

/** Installs the packages that the lockfile names, unless this was done for the same files on the same platform. */
export async function installPackages() {
  const digest = digestOf(['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...packageFiles()], {
    root: ROOT,
    salt: `${process.platform}-${process.arch}`,
  });
  if (existsSync(NODE) && isStamped(STAMP, digest)) return;

  say('Installing packages (about half a minute the first time) …');
  const { packageManager } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const { NODE_ENV: _production, ...env } = cleanEnvironment(); // With it set to production, tools would be left out.
  const { code, output } = await runQuietly('npx', ['-y', packageManager, 'install', '--frozen-lockfile'], {
    env: process.stderr.isTTY ? env : { ...env, CI: 'true' },
    show: process.stderr.isTTY === true,
  });
  if (code !== 0) throw new Failure(`${output}Packages could not be installed; what npx ${packageManager} said is above.`);
  stamp(STAMP, digest);
}

function packageFiles() {
  const inside = (parent) => readdirSync(path.join(ROOT, parent)).map((name) => path.join(parent, name));
  const folders = [...inside('packages'), ...inside('infra')];
  return ['.', 'bench', ...folders].map((folder) => path.join(folder, 'package.json'));
}
