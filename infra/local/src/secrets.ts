import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The secret kept under `name` in `folder`; made on first use (256 random bits) and readable by us alone. The caller
 * holds the lock of the data folder.
 */
export async function keepSecret(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  if (existsSync(file)) {
    await chmod(file, 0o600);
    return (await readFile(file, 'utf8')).trim();
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const secret = randomBytes(32).toString('base64url');
  await writeFile(`${file}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file); // A file with this name is whole.
  return secret;
}
