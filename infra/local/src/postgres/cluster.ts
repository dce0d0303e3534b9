import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { giveTo, makeFolder, nameOfWorkingFolder, type Owner } from './owner.ts';

export const SUPERUSER = 'armoricore';

/**
 * Makes the database cluster in `clusterDir` when there is none. A making that is broken off leaves none: it happens
 * under another name. The superuser's password is kept beside it and returned.
 */
export async function ensureCluster(clusterDir: string, binaries: string, owner: Owner): Promise<string> {
  const passwordFile = path.join(path.dirname(clusterDir), 'password');
  if (existsSync(clusterDir)) return readFile(passwordFile, 'utf8');

  const password = randomBytes(24).toString('base64url');
  const fresh = `${clusterDir}.new`;
  await rm(fresh, { recursive: true, force: true });
  await makeFolder(fresh, owner);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveTo(owner, passwordFile);
  await initdb(fresh, binaries, passwordFile, owner);
  await rename(fresh, clusterDir);
  return password;
}

async function initdb(folder: string, binaries: string, passwordFile: string, owner: Owner): Promise<void> {
  const args = [
    '-D', nameOfWorkingFolder(folder, owner), '--username', SUPERUSER, '--pwfile=/dev/stdin', '--auth=scram-sha-256',
    '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions',
  ];
  const password = await open(passwordFile);
  try {
    const child = spawn(path.join(binaries, 'bin/initdb'), args, {
      cwd: folder,
      env: { LC_ALL: 'C', PATH: process.env['PATH'] },
      stdio: [password.fd, 'ignore', 'pipe'],
      ...owner,
    });
    const [complaints, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
    if (code !== 0) throw new Error(`initdb failed: ${complaints.trim()}`);
  } finally {
    await password.close();
  }
}
