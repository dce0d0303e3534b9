import { existsSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, runQuietly } from './command.mjs';

/** Debian's own door for this: packages ask this program before they start a service (invoke-rc.d(8), deb-systemd-invoke(1)). */
const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# Written by the bootstrap of Armoricore; may be deleted.';

/**
 * Runs an installation by apt-get that may bring `services` (units of systemd), and neither starts those nor leaves them
 * to be started at the next boot: the tests start servers of their own. Services that were there before are left alone, and
 * a policy that the machine already has is kept and decides.
 */
export async function withoutServices(services, install) {
  const fresh = services.filter((service) => !isInstalled(service));
  if (fresh.length === 0) return install();
  const isOurs = await writePolicy(fresh);
  try {
    await install();
  } finally {
    if (isOurs) await rm(POLICY, { force: true });
  }
  await disable(fresh);
}

/** Writes the policy unless there is one. A leftover of a killed bootstrap counts as none, and forbids nothing meanwhile. */
async function writePolicy(units) {
  if (existsSync(POLICY) && !(await readFile(POLICY, 'utf8')).includes(MARK)) return false;
  await writeFile(POLICY, policyAgainst(units, process.pid));
  await chmod(POLICY, 0o755);
  return true;
}

/** A program that answers no (101) for these units, by either of their names, while process `pid` lives, and else yes (104). */
export function policyAgainst(units, pid) {
  const names = new Set(units.flatMap((unit) => [unit, path.parse(unit).name]));
  return [
    '#!/bin/sh',
    MARK,
    `kill -0 ${pid} 2>/dev/null || exit 104`,
    '[ "$1" != --quiet ] || shift',
    `case "$1" in ${[...names].join(' | ')}) exit 101 ;; esac`,
    'exit 104\n',
  ].join('\n');
}

async function disable(services) {
  if (!existsSync('/run/systemd/system')) return;
  const units = services.filter(isInstalled);
  const { code, output } = await runQuietly('systemctl', ['--quiet', 'disable', '--now', ...units]);
  if (code !== 0) throw new Failure(`${output}These services were installed and could not be disabled: ${units.join(', ')}`);
}

function isInstalled(unit) {
  return existsSync(path.join('/lib/systemd/system', unit));
}
