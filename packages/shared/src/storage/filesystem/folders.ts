import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../kernel/index.ts';

/** Whether something thrown is a system error with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** What a system error means to a user of the storage; anything else stays as it is. */
export function storageError(error: unknown, key: string): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) return new AppError('insufficient_storage', {}, { cause: error });
  if (hasCode(error, 'EISDIR', 'ENOTDIR', 'ENOTEMPTY')) {
    return new AppError('invalid_key', { key, allowed: 'a key that is neither inside another object nor a folder of objects' }, { cause: error });
  }
  return error;
}

/**
 * What lies under a clean key, or null. Every part of the path is looked at by itself, so that no symbolic link leads
 * out of the root; a link counts as nothing.
 */
export async function entryOf(root: string, key: string): Promise<{ path: string; stats: Stats } | null> {
  let path = root;
  let stats: Stats | undefined;
  for (const segment of key.split('/')) {
    path = join(path, segment);
    try {
      stats = await lstat(path);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
      throw error;
    }
    if (stats.isSymbolicLink()) return null;
  }
  return stats === undefined ? null : { path, stats };
}

/** The folder of a key, made when it does not exist. @throws AppError `invalid_key` when a link or an object is in the way */
export async function parentFolder(root: string, key: string): Promise<string> {
  let path = root;
  for (const segment of key.split('/').slice(0, -1)) {
    path = join(path, segment);
    try {
      await mkdir(path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      if (!(await lstat(path)).isDirectory()) {
        throw new AppError('invalid_key', { key, allowed: 'a key that is not inside another object' }, { cause: error });
      }
    }
  }
  return path;
}

/** Keys of the files below a folder whose own key is `prefix`. */
export async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  for (const entry of entries) {
    if (entry.isFile()) keys.push(`${prefix}/${entry.name}`);
    else if (entry.isDirectory()) keys.push(...(await filesBelow(join(folder, entry.name), `${prefix}/${entry.name}`)));
  }
  return keys;
}

/** What was written to a file reaches the disk. @throws Error unless it is a file */
export async function flush(file: string): Promise<{ size: number }> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error(`${file} is not a file`);
    await handle.sync();
    return { size: stats.size };
  } finally {
    await handle.close();
  }
}

/** Removes entries of a folder that were last changed before a time (ms since the epoch). */
export async function sweep(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  for (const name of names) {
    const path = join(folder, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && stats.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}
