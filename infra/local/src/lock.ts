import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export interface FolderLock {
  release(): void;
}

/**
 * Makes `folder` ours alone until `release` or the end of this process. An open SQLite transaction holds the lock, so
 * it is the kernel that gives it back however we end; a stale lock cannot be.
 * @throws Error that names the process that holds the folder.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  if (!existsSync(folder)) await mkdir(folder, { recursive: true, mode: 0o700 });
  const lockFile = path.join(folder, 'lock');
  const pidFile = path.join(folder, 'pid');
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    const pid = await readFile(pidFile, 'utf8').catch(() => 'unknown');
    throw new Error(`DATA_DIR ${folder} is in use by another start (pid ${pid.trim()}): stop it or choose another DATA_DIR`);
  }
  await chmod(lockFile, 0o600);
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => database.close() };
}
